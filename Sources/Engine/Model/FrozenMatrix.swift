import CKernels
import ModelFiles

/// A weight matrix of the base model, packed once in both directions: y = x W for the forward pass, dx = dy W^T for the backward.
struct FrozenMatrix: Sendable {
    let inputWidth: Int
    let outputWidth: Int
    private let forward: PackedMatrix
    private let backward: PackedMatrix

    /// Values dequantised at once: no more than a few megabytes of float32 are ever held beside the packed weights.
    private static let valuesAtOnce = 1 << 20

    /// Tensors of a file that read the same input, joined column by column. Each is stored with one row of weights for each
    /// output.
    init(_ file: GGUFFile, _ names: [String], precision: WeightPrecision, pool: ThreadPool) throws {
        let tensors = try names.map { try file.tensor($0) }
        let inputWidth = tensors.first?.rowLength ?? 0
        self.inputWidth = inputWidth
        outputWidth = tensors.reduce(0) { $0 + $1.rows }
        forward = PackedMatrix(rows: inputWidth, columns: outputWidth, precision: precision)
        backward = PackedMatrix(rows: outputWidth, columns: inputWidth, precision: precision)
        let rowsAtOnce = max(1, Self.valuesAtOnce / max(inputWidth, 1))
        let values = FloatBuffer(count: rowsAtOnce * inputWidth)
        let buffer = UnsafeMutableBufferPointer(start: values.base, count: values.count)
        var column = 0
        for tensor in tensors {
            for first in stride(from: 0, to: tensor.rows, by: rowsAtOnce) {
                let rows = first..<min(first + rowsAtOnce, tensor.rows)
                try file.dequantize(tensor, rows: rows, into: buffer)
                forward.pack(
                    ck_block(
                        first_k: 0, k: inputWidth, first_n: column, n: rows.count, source: values.base, k_stride: 1,
                        n_stride: inputWidth), pool)
                backward.pack(
                    ck_block(
                        first_k: column, k: rows.count, first_n: 0, n: inputWidth, source: values.base,
                        k_stride: inputWidth, n_stride: 1), pool)
                column += rows.count
            }
        }
        // The optimizer may free an object after its last visible use, which for memory behind a pointer is too early.
        withExtendedLifetime((values, pool)) {}
    }

    /// y [rows, outputWidth] = x W, or += with `accumulate`.
    func apply(
        _ pool: ThreadPool, rows: Int, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>,
        accumulate: Bool = false
    ) {
        pool.multiply([forward.product(rows: rows, x, to: y, accumulate: accumulate)])
    }

    /// dx [rows, inputWidth] = dy W^T.
    func applyTransposed(_ pool: ThreadPool, rows: Int, _ dy: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>) {
        pool.multiply([backward.product(rows: rows, dy, to: dx)])
    }

    /// out [ids, inputWidth] = the weights of the outputs of these ids. A line of cache holds 16 of them, so that a token's
    /// embedding is found in the output projection as fast as in a table of its own.
    func gather(_ ids: [Int32], to out: UnsafeMutablePointer<Float>) {
        ck_gather(ids.count, ids, outputWidth, inputWidth, backward.operand, out)
    }
}

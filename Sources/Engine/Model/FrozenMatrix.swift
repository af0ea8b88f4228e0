import CKernels

/// A weight matrix of the base model, packed once in both directions: y = x W for the forward pass, dx = dy W^T for the backward.
struct FrozenMatrix: Sendable {
    let inputWidth: Int
    let outputWidth: Int
    private let forward: FloatBuffer
    private let backward: FloatBuffer

    /// Matrices that read the same input, joined column by column. Each is stored as the model files have it: one row of
    /// `inputWidth` weights for each output.
    init(joining parts: [[Float]], inputWidth: Int, pool: ThreadPool) {
        self.inputWidth = inputWidth
        outputWidth = parts.reduce(0) { $0 + $1.count } / inputWidth
        let rows = FloatBuffer(parts.count == 1 ? parts[0] : Array(parts.joined()))
        forward = FloatBuffer(count: ck_packed_size(inputWidth, outputWidth))
        backward = FloatBuffer(count: ck_packed_size(outputWidth, inputWidth))
        // The optimizer may free an object after its last visible use, which for memory behind a pointer is too early.
        withExtendedLifetime((rows, pool)) {
            ck_pack(pool.handle, inputWidth, outputWidth, rows.base, 1, inputWidth, forward.base)
            ck_pack(pool.handle, outputWidth, inputWidth, rows.base, inputWidth, 1, backward.base)
        }
    }

    /// y [rows, outputWidth] = x W, or += with `accumulate`.
    func apply(
        _ pool: ThreadPool, rows: Int, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>,
        accumulate: Bool = false
    ) {
        ck_matmul(
            pool.handle, rows, outputWidth, inputWidth, x, inputWidth, 1, ck_operand(data: forward.base, stride: 0), y,
            outputWidth, 1, accumulate)
    }

    /// dx [rows, inputWidth] = dy W^T.
    func applyTransposed(_ pool: ThreadPool, rows: Int, _ dy: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>) {
        ck_matmul(
            pool.handle, rows, inputWidth, outputWidth, dy, outputWidth, 1, ck_operand(data: backward.base, stride: 0),
            dx,
            inputWidth, 1, false)
    }
}

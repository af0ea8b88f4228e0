import CKernels

/// How the frozen weights of a model are kept.
package enum WeightPrecision: String, Sendable, CaseIterable {
    /// Rounded to bfloat16, half of the memory and of its traffic; sums stay float32. Machines with dot products of bfloat16
    /// pairs round what the weights are multiplied with, too.
    case bfloat16
    /// As the model's file has them, for comparing.
    case float32

    /// Of one weight.
    var bytes: Int { self == .bfloat16 ? 2 : 4 }
}

/// A weight matrix in panels, as the right-hand side of products. Written by whoever makes it, then only read.
final class PackedMatrix: @unchecked Sendable {
    /// Terms of a sum, and sums.
    let rows, columns: Int
    let operand: ck_operand
    private let memory: KernelMemory

    init(rows: Int, columns: Int, precision: WeightPrecision = .float32) {
        (self.rows, self.columns) = (rows, columns)
        let format = precision == .bfloat16 ? ck_bf16_panels : ck_float_panels
        memory = KernelMemory(byteCount: ck_packed_bytes(format, rows, columns))
        operand = ck_operand(data: memory.base, stride: 0, format: format)
    }

    /// Writes a block of the matrix, each number once; without a pool on this thread.
    func pack(_ block: ck_block, _ pool: ThreadPool?) {
        ck_pack(pool?.handle, operand.format, rows, block, memory.base)
    }

    /// The product y [count, columns] = x [count, rows] times the matrix.
    func product(
        rows count: Int, _ x: UnsafePointer<Float>, stride: Int? = nil, to y: UnsafeMutablePointer<Float>,
        outputStride: Int? = nil, scale: Float = 1, accumulate: Bool = false
    ) -> ck_product {
        ck_product(
            m: count, n: columns, k: rows, a: x, a_row: stride ?? rows, a_column: 1, b: operand, c: y,
            c_stride: outputStride ?? columns, alpha: scale, accumulate: accumulate)
    }
}

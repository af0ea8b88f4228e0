extension Tensor {
    /// The sum of products of two vectors of one length.
    public func dot(_ other: Tensor) throws(TensorError) -> Tensor {
        guard rank == 1, shape == other.shape else { throw .shapeMismatch(op: "dot", lhs: shape, rhs: other.shape) }
        return try (self * other).sum()
    }

    /// The matrix product `[n, k]` · `[k, m]` = `[n, m]`. A vector on the left is a row and on the right a column, and the
    /// result has no axis for it.
    public func matmul(_ other: Tensor) throws(TensorError) -> Tensor {
        guard (1...2).contains(rank), (1...2).contains(other.rank), shape[rank - 1] == other.shape[0] else {
            throw .shapeMismatch(op: "matmul", lhs: shape, rhs: other.shape)
        }
        let dtype = dtype.promoted(with: other.dtype).floating
        let inner = other.shape[0]
        let left = try converted(to: dtype).reshaped([rank == 2 ? shape[0] : 1, inner])
        let right = try other.converted(to: dtype).reshaped([inner, other.rank == 2 ? other.shape[1] : 1])
        let product = try left.matrixProduct(right)
        return try product.reshaped(Array(shape.dropLast()) + Array(other.shape.dropFirst()))
    }

    /// The product of two matrices of one type whose inner extents agree.
    private func matrixProduct(_ other: Tensor) throws(TensorError) -> Tensor {
        let (rows, inner, columns) = (shape[0], shape[1], other.shape[1])
        let (a, b) = (doubles, other.doubles)
        var sums = [Double](repeating: 0, count: try Self.checkedCount([rows, columns], op: "matmul"))
        for row in 0..<rows {
            for k in 0..<inner {
                let factor = a[row * inner + k]
                for column in 0..<columns { sums[row * columns + column] += factor * b[k * columns + column] }
            }
        }
        let (left, right) = (detached(), other.detached())
        return .result(Storage(dtype, sums), shape: [rows, columns], of: [self, other]) {
            gradient throws(TensorError) in
            [
                try gradient.matrixProduct(right.transposed()),
                try left.transposed().matrixProduct(gradient),
            ]
        }
    }
}

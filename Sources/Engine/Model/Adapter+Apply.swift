import CKernels

extension Adapter {
    /// y [rows, outputWidth] += scale * (x A) B; x A is left in `hidden` [rows, hiddenWidth] for the backward pass.
    func apply(
        _ group: LoraGroup, _ pool: ThreadPool, rows: Int, x: UnsafePointer<Float>, hidden: UnsafeMutablePointer<Float>,
        y: UnsafeMutablePointer<Float>
    ) {
        let rank = group.paddedRank
        ck_matmul(
            pool.handle, rows, group.hiddenWidth, group.inputWidth, x, group.inputWidth, 1,
            ck_operand(data: parameters.base + group.a, stride: group.hiddenWidth), hidden, group.hiddenWidth, 1, false)
        for (index, projection) in group.projections.enumerated() {
            let column = projection.columns.lowerBound
            ck_matmul(
                pool.handle, rows, projection.columns.count, rank, hidden + index * rank, group.hiddenWidth, 1,
                ck_operand(data: parameters.base + group.b + column, stride: group.outputWidth), y + column,
                group.outputWidth, layout.scale, true)
        }
    }

    /// The backward pass of `apply`: adds the gradients of A and B to `gradient`, and that of x to `dx` unless it is nil.
    /// `dHidden` [rows, hiddenWidth] is scratch space.
    func applyBackward(
        _ group: LoraGroup, _ pool: ThreadPool, rows: Int, x: UnsafePointer<Float>, hidden: UnsafePointer<Float>,
        dy: UnsafePointer<Float>, dHidden: UnsafeMutablePointer<Float>, gradient: FloatBuffer,
        dx: UnsafeMutablePointer<Float>?
    ) {
        let rank = group.paddedRank
        for (index, projection) in group.projections.enumerated() {
            let column = projection.columns.lowerBound, width = projection.columns.count
            // dHidden = scale * dy B^T
            ck_matmul(
                pool.handle, rows, rank, width, dy + column, group.outputWidth, 1,
                ck_operand(data: transposed.base + group.b + column * rank, stride: rank), dHidden + index * rank,
                group.hiddenWidth, layout.scale, false)
            // dB += scale * hidden^T dy, a sum over rows in their order
            ck_matmul(
                pool.handle, rank, width, rows, hidden + index * rank, 1, group.hiddenWidth,
                ck_operand(data: dy + column, stride: group.outputWidth), gradient.base + group.b + column,
                group.outputWidth, layout.scale, true)
        }
        // dA += x^T dHidden
        ck_matmul(
            pool.handle, group.inputWidth, group.hiddenWidth, rows, x, 1, group.inputWidth,
            ck_operand(data: dHidden, stride: group.hiddenWidth), gradient.base + group.a, group.hiddenWidth, 1, true)
        if let dx {
            ck_matmul(
                pool.handle, rows, group.inputWidth, group.hiddenWidth, dHidden, group.hiddenWidth, 1,
                ck_operand(data: transposed.base + group.a, stride: group.inputWidth), dx, group.inputWidth, 1, true)
        }
    }
}

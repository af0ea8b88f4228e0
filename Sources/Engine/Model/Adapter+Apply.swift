import CKernels

extension Adapter {
    /// y [rows, outputWidth] += scale * (x A) B; x A is left in `hidden` [rows, hiddenWidth] for the backward pass.
    func apply(
        _ group: LoraGroup, _ pool: ThreadPool, rows: Int, x: UnsafePointer<Float>, hidden: UnsafeMutablePointer<Float>,
        y: UnsafeMutablePointer<Float>
    ) {
        let packed = packed(group)
        pool.multiply([packed.a.product(rows: rows, x, to: hidden)])
        pool.multiply(
            zip(packed.b, group.projections).enumerated().map { index, part in
                part.0.product(
                    rows: rows, hidden + index * group.paddedRank, stride: group.hiddenWidth,
                    to: y + part.1.columns.lowerBound, outputStride: group.outputWidth, scale: layout.scale,
                    accumulate: true)
            })
    }

    /// The backward pass of `apply`: adds the gradients of A and B to `gradient`, and that of x to `dx` unless it is nil.
    /// `dHidden` [rows, hiddenWidth] is scratch space.
    func applyBackward(
        _ group: LoraGroup, _ pool: ThreadPool, rows: Int, x: UnsafePointer<Float>, hidden: UnsafePointer<Float>,
        dy: UnsafePointer<Float>, dHidden: UnsafeMutablePointer<Float>, gradient: FloatBuffer,
        dx: UnsafeMutablePointer<Float>?
    ) {
        let packed = packed(group), rank = group.paddedRank
        // dHidden = scale * dy B^T
        pool.multiply(
            zip(packed.bTransposed, group.projections).enumerated().map { index, part in
                part.0.product(
                    rows: rows, dy + part.1.columns.lowerBound, stride: group.outputWidth, to: dHidden + index * rank,
                    outputStride: group.hiddenWidth, scale: layout.scale)
            })
        // dB += scale * hidden^T dy, a sum over rows in their order
        var products = group.projections.enumerated().map { index, projection in
            let column = projection.columns.lowerBound
            return gradientProduct(
                terms: rows, hidden + index * rank, stride: group.hiddenWidth, rows: rank, dy + column,
                stride: group.outputWidth, columns: projection.columns.count, to: gradient.base + group.b + column,
                scale: layout.scale)
        }
        // dA += x^T dHidden
        products.append(
            gradientProduct(
                terms: rows, x, stride: group.inputWidth, rows: group.inputWidth, dHidden, stride: group.hiddenWidth,
                columns: group.hiddenWidth, to: gradient.base + group.a, scale: 1))
        if let dx { products.append(packed.aTransposed.product(rows: rows, dHidden, to: dx, accumulate: true)) }
        pool.multiply(products)
    }

    /// The product gradient [rows, columns] += scale * left^T right, a sum over `terms` in their order. The gradient's rows are as
    /// long as those of `right`.
    private func gradientProduct(
        terms: Int, _ left: UnsafePointer<Float>, stride leftStride: Int, rows: Int, _ right: UnsafePointer<Float>,
        stride rightStride: Int, columns: Int, to gradient: UnsafeMutablePointer<Float>, scale: Float
    ) -> ck_product {
        ck_product(
            m: rows, n: columns, k: terms, a: left, a_row: 1, a_column: leftStride,
            b: ck_operand(data: right, stride: rightStride, format: ck_float_rows), c: gradient, c_stride: rightStride,
            alpha: scale, accumulate: true)
    }
}

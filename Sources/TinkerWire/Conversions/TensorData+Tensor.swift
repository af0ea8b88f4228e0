public import Tensors

extension Wire.TensorData {
    /// A tensor as it is sent: float64 is rounded to float32, which is the only type of fractions on the wire. Throws `tooLarge`.
    public init(_ tensor: Tensor, limits: WireLimits = WireLimits()) throws(WireError) {
        let values: Values =
            switch tensor.storage {
            case .int64(let values): .int64(values)
            case .float32(let values): .float32(values)
            case .float64: .float32(tensor.floats)
            }
        try self.init(values, shape: tensor.shape, limits: limits)
    }

    /// The dense tensor. Elements that a sparse one does not list are 0, or -1 for the targets of prompt logprobs.
    public func tensor(unlisted: Int = 0) -> Tensor {
        switch values {
        case .int64(let values): Tensor(storage: .int64(dense(values, unlisted)), shape: shape)
        case .float32(let values): Tensor(storage: .float32(dense(values, Float(unlisted))), shape: shape)
        }
    }

    private func dense<Element>(_ values: [Element], _ unlisted: Element) -> [Element] {
        guard let sparse else { return values }
        let (rows, columns) = (shape[0], shape[1])
        var dense = [Element](repeating: unlisted, count: rows * columns)
        for row in 0..<rows {
            for place in sparse.rowOffsets[row]..<sparse.rowOffsets[row + 1] {
                dense[row * columns + sparse.columns[place]] = values[place]
            }
        }
        return dense
    }
}

extension Tensor {
    /// The sum of all elements, or along an axis. Sums run in element order in float64, so they do not depend on the machine.
    public func sum(axis: Int? = nil, keepdims: Bool = false) throws(TensorError) -> Tensor {
        let lanes = try Lanes(of: self, axis: axis, keepdims: keepdims, op: "sum")
        if case .int64(let values) = storage {
            return Tensor(lanes.reduce(values) { $0.reduce(0, &+) }, shape: lanes.shape)
        }
        let input = shape
        return .result(Storage(dtype, lanes.reduce(doubles) { $0.reduce(0, +) }), shape: lanes.shape, of: [self]) {
            gradient throws(TensorError) in
            [try gradient.reshaped(lanes.keptShape).broadcast(to: input)]
        }
    }

    /// The mean of all elements, or along an axis; NaN of none.
    public func mean(axis: Int? = nil, keepdims: Bool = false) throws(TensorError) -> Tensor {
        let lanes = try Lanes(of: self, axis: axis, keepdims: keepdims, op: "mean")
        let float = converted(to: dtype.floating)
        return try float.sum(axis: axis, keepdims: keepdims) / .scalar(Double(lanes.length), dtype: float.dtype)
    }

    /// The standard deviation of all elements, or along an axis. Squares are divided by n - `correction`: 1 estimates the spread
    /// of the population that the elements were drawn from, 0 is the spread of the elements themselves.
    public func std(axis: Int? = nil, keepdims: Bool = false, correction: Int = 1) throws(TensorError) -> Tensor {
        let lanes = try Lanes(of: self, axis: axis, keepdims: keepdims, op: "std")
        let float = converted(to: dtype.floating)
        let divisor = Double(lanes.length - correction)
        let spread = lanes.reduce(float.doubles) { lane -> Double in
            let mean = lane.reduce(0, +) / Double(lane.count)
            let squares = lane.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return divisor > 0 ? (squares / divisor).squareRoot() : .nan
        }
        let values = float.detached()
        let type = float.dtype
        return .result(Storage(type, spread), shape: lanes.shape, of: [float]) { gradient throws(TensorError) in
            // Without spread the derivative does not exist; 0 keeps a batch of equal rewards from poisoning the others.
            let factors = zip(gradient.doubles, spread).map { $1 == 0 ? 0 : $0 / ($1 * divisor) }
            let factor = Tensor(storage: Storage(type, factors), shape: lanes.keptShape)
            return [try (values - values.mean(axis: axis, keepdims: true).reshaped(lanes.keptShape)) * factor]
        }
    }

    /// The largest element, or the largest along an axis; NaN if there is one. Ties share the gradient. Throws `empty`.
    public func max(axis: Int? = nil, keepdims: Bool = false) throws(TensorError) -> Tensor {
        try extreme("max", axis: axis, keepdims: keepdims, .gt)
    }

    /// The smallest element, or the smallest along an axis; NaN if there is one. Ties share the gradient. Throws `empty`.
    public func min(axis: Int? = nil, keepdims: Bool = false) throws(TensorError) -> Tensor {
        try extreme("min", axis: axis, keepdims: keepdims, .lt)
    }

    private func extreme(
        _ op: String, axis: Int?, keepdims: Bool, _ beats: Comparison
    ) throws(TensorError) -> Tensor {
        let lanes = try Lanes(of: self, axis: axis, keepdims: keepdims, op: op)
        guard lanes.length > 0 else { throw .empty(op: op) }
        if case .int64(let values) = storage {
            let best = lanes.reduce(values) { lane in lane.dropFirst().reduce(lane[0]) { beats.holds($1, $0) ? $1 : $0 }
            }
            return Tensor(best, shape: lanes.shape)
        }
        let best = lanes.reduce(doubles) { lane in
            lane.dropFirst().reduce(lane[0]) { $0.isNaN || (!$1.isNaN && !beats.holds($1, $0)) ? $0 : $1 }
        }
        let (values, dtype) = (detached(), dtype)
        return .result(Storage(dtype, best), shape: lanes.shape, of: [self]) { gradient throws(TensorError) in
            let winner = Tensor(storage: Storage(dtype, best), shape: lanes.keptShape)
            let ties = try values.compared(.eq, winner).converted(to: dtype)
            let shares = try ties / ties.sum(axis: axis, keepdims: true).reshaped(lanes.keptShape)
            return [try shares * gradient.reshaped(lanes.keptShape)]
        }
    }
}

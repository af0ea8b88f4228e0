import Glibc

extension Tensor {
    /// log(Σ e^x) of all elements, or along an axis, without overflow.
    public func logsumexp(axis: Int? = nil, keepdims: Bool = false) throws(TensorError) -> Tensor {
        let lanes = try Lanes(of: self, axis: axis, keepdims: keepdims, op: "logsumexp")
        let float = converted(to: dtype.floating)
        let values = float.doubles
        let input = shape
        let type = float.dtype
        return .result(Storage(type, lanes.reduce(values, Self.logsumexp)), shape: lanes.shape, of: [float]) {
            gradient throws(TensorError) in
            let weights = Tensor(storage: Storage(type, lanes.map(values, Self.softmax)), shape: input)
            return [try weights * gradient.reshaped(lanes.keptShape)]
        }
    }

    /// e^x / Σ e^x along an axis, without overflow.
    public func softmax(axis: Int = -1) throws(TensorError) -> Tensor {
        let lanes = try Lanes(of: self, axis: axis, keepdims: true, op: "softmax")
        let float = converted(to: dtype.floating)
        let result = Storage(float.dtype, lanes.map(float.doubles, Self.softmax))
        let weights = Tensor(storage: result, shape: shape)
        return .result(result, shape: shape, of: [float]) { gradient throws(TensorError) in
            let products = try weights * gradient
            return [try products - weights * products.sum(axis: axis, keepdims: true)]
        }
    }

    /// log(softmax(x)) along an axis, exact to rounding.
    public func logSoftmax(axis: Int = -1) throws(TensorError) -> Tensor {
        let float = converted(to: dtype.floating)
        return try float - float.logsumexp(axis: axis, keepdims: true)
    }

    private static func logsumexp(_ lane: [Double]) -> Double {
        guard let largest = lane.max() else { return -.infinity }
        guard largest.isFinite else { return lane.contains(where: \.isNaN) ? .nan : largest }
        return largest + Glibc.log(lane.reduce(0) { $0 + Glibc.exp($1 - largest) })
    }

    private static func softmax(_ lane: [Double]) -> [Double] {
        let largest = lane.max() ?? 0
        let powers = lane.map { Glibc.exp($0 - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }
}

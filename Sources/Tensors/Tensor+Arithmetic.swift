import Glibc

extension Tensor {
    /// The elementwise sum of broadcast tensors.
    public static func + (lhs: Tensor, rhs: Tensor) throws(TensorError) -> Tensor {
        try binary("add", lhs, rhs, integers: { $0 &+ $1 }, { $0 + $1 }, partials: { _, _, _ in (1, 1) })
    }

    /// The elementwise difference of broadcast tensors.
    public static func - (lhs: Tensor, rhs: Tensor) throws(TensorError) -> Tensor {
        try binary("subtract", lhs, rhs, integers: { $0 &- $1 }, { $0 - $1 }, partials: { _, _, _ in (1, -1) })
    }

    /// The elementwise product of broadcast tensors.
    public static func * (lhs: Tensor, rhs: Tensor) throws(TensorError) -> Tensor {
        try binary("multiply", lhs, rhs, integers: { $0 &* $1 }, { $0 * $1 }, partials: { a, b, _ in (b, a) })
    }

    /// The elementwise quotient of broadcast tensors; of integers it is float32.
    public static func / (lhs: Tensor, rhs: Tensor) throws(TensorError) -> Tensor {
        try binary("divide", lhs, rhs, integers: nil, { $0 / $1 }, partials: { _, b, y in (1 / b, -y / b) })
    }

    /// The elementwise power of broadcast tensors; of integers it is float32.
    public func pow(_ exponent: Tensor) throws(TensorError) -> Tensor {
        try Self.binary("pow", self, exponent, integers: nil, { Glibc.pow($0, $1) }) { a, b, y in
            (b == 0 ? 0 : b * Glibc.pow(a, b - 1), a == 0 && b >= 0 ? 0 : y * Glibc.log(a))
        }
    }

    /// The elementwise maximum of broadcast tensors; at a tie both sides get half of the gradient.
    public func maximum(_ other: Tensor) throws(TensorError) -> Tensor {
        try Self.binary("maximum", self, other, integers: { Swift.max($0, $1) }, { $0.isNaN || $0 > $1 ? $0 : $1 }) {
            a, b, _ in
            a == b ? (0.5, 0.5) : a > b ? (1, 0) : (0, 1)
        }
    }

    /// The elementwise minimum of broadcast tensors; at a tie both sides get half of the gradient.
    public func minimum(_ other: Tensor) throws(TensorError) -> Tensor {
        try Self.binary("minimum", self, other, integers: { Swift.min($0, $1) }, { $0.isNaN || $0 < $1 ? $0 : $1 }) {
            a, b, _ in
            a == b ? (0.5, 0.5) : a < b ? (1, 0) : (0, 1)
        }
    }

    /// The elementwise comparisons of broadcast tensors.
    public enum Comparison: String, Sendable, CaseIterable {
        case eq, ne, lt, le, gt, ge
    }

    /// 1 where the comparison holds and 0 elsewhere, as int64.
    public func compared(_ comparison: Comparison, _ other: Tensor) throws(TensorError) -> Tensor {
        let (a, b) = try Self.aligned(
            comparison.rawValue, detached(), other.detached(), dtype: dtype.promoted(with: other.dtype))
        if case .int64(let x) = a.storage, case .int64(let y) = b.storage {
            return Tensor(zip(x, y).map { comparison.holds($0, $1) ? 1 : 0 }, shape: a.shape)
        }
        return Tensor(zip(a.doubles, b.doubles).map { comparison.holds($0, $1) ? 1 : 0 }, shape: a.shape)
    }

    /// Tensors of one type and shape. Conversions and broadcasts are operations of their own, so that the gradients of all binary
    /// operations are elementwise.
    static func aligned(
        _ op: String, _ lhs: Tensor, _ rhs: Tensor, dtype: DType
    ) throws(TensorError) -> (Tensor, Tensor) {
        guard let shape = broadcastShape(lhs.shape, rhs.shape) else {
            throw .shapeMismatch(op: op, lhs: lhs.shape, rhs: rhs.shape)
        }
        return (
            try lhs.converted(to: dtype).broadcast(to: shape), try rhs.converted(to: dtype).broadcast(to: shape)
        )
    }

    /// An elementwise operation, and its derivatives by both sides as functions of them and the result.
    private static func binary(
        _ op: String, _ lhs: Tensor, _ rhs: Tensor, integers: ((Int, Int) -> Int)?,
        _ function: (Double, Double) -> Double,
        partials: @escaping @Sendable (Double, Double, Double) -> (Double, Double)
    ) throws(TensorError) -> Tensor {
        let common = lhs.dtype.promoted(with: rhs.dtype)
        let dtype = integers == nil ? common.floating : common
        let (a, b) = try aligned(op, lhs, rhs, dtype: dtype)
        if let integers, case .int64(let x) = a.storage, case .int64(let y) = b.storage {
            return Tensor(zip(x, y).map(integers), shape: a.shape)
        }
        let values = zip(a.doubles, b.doubles).map(function)
        let (x, y, shape) = (a.storage, b.storage, a.shape)
        return result(Storage(dtype, values), shape: shape, of: [a, b]) { gradient in
            let (x, y) = (x.doubles, y.doubles)
            var (first, second) = (gradient.doubles, gradient.doubles)
            for index in first.indices {
                let (byFirst, bySecond) = partials(x[index], y[index], values[index])
                first[index] *= byFirst
                second[index] *= bySecond
            }
            return [
                Tensor(storage: Storage(dtype, first), shape: shape),
                Tensor(storage: Storage(dtype, second), shape: shape),
            ]
        }
    }
}

extension Tensor.Comparison {
    func holds<Element: Comparable>(_ lhs: Element, _ rhs: Element) -> Bool {
        switch self {
        case .eq: lhs == rhs
        case .ne: lhs != rhs
        case .lt: lhs < rhs
        case .le: lhs <= rhs
        case .gt: lhs > rhs
        case .ge: lhs >= rhs
        }
    }
}

/// Arithmetic with plain numbers, which take the tensor's type, so that a literal never changes the precision. Integers become
/// float32; an integer number that is to keep them is `Tensor.scalar(_: Int)`.
extension Tensor {
    /// Each element plus a number.
    public static func + (lhs: Tensor, rhs: Double) throws(TensorError) -> Tensor { try lhs + lhs.constant(rhs) }

    /// A number plus each element.
    public static func + (lhs: Double, rhs: Tensor) throws(TensorError) -> Tensor { try rhs.constant(lhs) + rhs }

    /// Each element minus a number.
    public static func - (lhs: Tensor, rhs: Double) throws(TensorError) -> Tensor { try lhs - lhs.constant(rhs) }

    /// A number minus each element.
    public static func - (lhs: Double, rhs: Tensor) throws(TensorError) -> Tensor { try rhs.constant(lhs) - rhs }

    /// Each element times a number.
    public static func * (lhs: Tensor, rhs: Double) throws(TensorError) -> Tensor { try lhs * lhs.constant(rhs) }

    /// A number times each element.
    public static func * (lhs: Double, rhs: Tensor) throws(TensorError) -> Tensor { try rhs.constant(lhs) * rhs }

    /// Each element divided by a number.
    public static func / (lhs: Tensor, rhs: Double) throws(TensorError) -> Tensor { try lhs / lhs.constant(rhs) }

    /// A number divided by each element.
    public static func / (lhs: Double, rhs: Tensor) throws(TensorError) -> Tensor { try rhs.constant(lhs) / rhs }

    /// Each element to the power of a number.
    public func pow(_ exponent: Double) throws(TensorError) -> Tensor { try pow(constant(exponent)) }

    private func constant(_ value: Double) -> Tensor { .scalar(value, dtype: dtype.floating) }
}

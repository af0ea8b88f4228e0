/// What can go wrong with tensors, as data; the text is made in `description`. Axes and indices count from 0.
public enum TensorError: Error, Sendable, Equatable {
    /// Two shapes that an operation cannot combine.
    case shapeMismatch(op: String, lhs: [Int], rhs: [Int])
    /// A negative extent, or more elements than a tensor may have.
    case invalidShape(op: String, shape: [Int])
    /// A shape that holds another number of elements.
    case elementCountMismatch(op: String, from: [Int], to: [Int])
    case axisOutOfRange(op: String, axis: Int, shape: [Int])
    case rangeOutOfBounds(op: String, range: Range<Int>, axis: Int, shape: [Int])
    /// A number of dimensions that an operation is not defined for.
    case rankUnsupported(op: String, expected: String, shape: [Int])
    /// An operation that needs at least one element or tensor.
    case empty(op: String)
    /// A tensor of one element was expected.
    case notScalar(op: String, shape: [Int])
    /// Derivatives by integers do not exist.
    case integerGradient
    /// Derivatives were asked by a tensor that does not carry them.
    case gradientNotRequired(input: Int)
    case invalidArgument(op: String, String)
}

extension TensorError: CustomStringConvertible {
    /// What was wrong, with the shapes or numbers it was about.
    public var description: String {
        switch self {
        case .shapeMismatch(let op, let lhs, let rhs):
            "\(op): shapes \(lhs.shapeText) and \(rhs.shapeText) do not fit together"
        case .invalidShape(let op, let shape):
            shape.contains { $0 < 0 }
                ? "\(op): shape \(shape.shapeText) has a negative extent"
                : "\(op): shape \(shape.shapeText) has more than \(Tensor.largestCount) elements"
        case .elementCountMismatch(let op, let from, let to):
            "\(op): shape \(from.shapeText) has \(from.reduce(1, *)) elements and does not fit \(to.shapeText)"
        case .axisOutOfRange(let op, let axis, let shape):
            "\(op): shape \(shape.shapeText) has no axis \(axis)"
        case .rangeOutOfBounds(let op, let range, let axis, let shape):
            "\(op): \(range.lowerBound)..<\(range.upperBound) is out of bounds along axis \(axis) of shape \(shape.shapeText)"
        case .rankUnsupported(let op, let expected, let shape):
            "\(op): expected \(expected), got shape \(shape.shapeText)"
        case .empty(let op): "\(op): there is nothing to take it of"
        case .notScalar(let op, let shape): "\(op): expected one element, got shape \(shape.shapeText)"
        case .integerGradient: "an int64 tensor has no gradient; convert it to float32 first"
        case .gradientNotRequired(let input): "input \(input + 1) does not carry gradients"
        case .invalidArgument(let op, let message): "\(op): \(message)"
        }
    }
}

extension [Int] {
    /// A shape as it is shown: `[2×3]`, and `[]` for a scalar.
    package var shapeText: String { "[" + map(String.init).joined(separator: "×") + "]" }
}

/// The element types of a tensor.
public enum DType: String, Sendable, CaseIterable {
    case float32
    case float64
    case int64
}

/// A dense host tensor in row-major order: what crosses every API of this program. Immutable; copies share storage.
public struct Tensor: Sendable {
    /// The elements in row-major order, one case for each dtype.
    public enum Storage: Sendable, Equatable {
        case float32([Float])
        case float64([Double])
        case int64([Int])
    }

    /// The elements, `shape.reduce(1, *)` of them.
    public let storage: Storage
    /// The extent of each dimension; empty for a scalar.
    public let shape: [Int]

    /// A tensor of the given elements. The caller guarantees that their number fits the shape.
    public init(storage: Storage, shape: [Int]) {
        self.storage = storage
        self.shape = shape
        precondition(storage.count == shape.reduce(1, *), "\(storage.count) elements for shape \(shape)")
    }

    /// A float32 tensor, one-dimensional unless a shape is given.
    public init(_ values: [Float], shape: [Int]? = nil) {
        self.init(storage: .float32(values), shape: shape ?? [values.count])
    }

    /// An int64 tensor, one-dimensional unless a shape is given.
    public init(_ values: [Int], shape: [Int]? = nil) {
        self.init(storage: .int64(values), shape: shape ?? [values.count])
    }

    /// The element type.
    public var dtype: DType {
        switch storage {
        case .float32: .float32
        case .float64: .float64
        case .int64: .int64
        }
    }

    /// The number of elements.
    public var count: Int { storage.count }

    /// The elements as float32, converted if need be.
    public var floats: [Float] {
        switch storage {
        case .float32(let values): values
        case .float64(let values): values.map { Float($0) }
        case .int64(let values): values.map { Float($0) }
        }
    }

    /// The elements as integers; fractions are cut off.
    public var ints: [Int] {
        switch storage {
        case .float32(let values): values.map { Int($0) }
        case .float64(let values): values.map { Int($0) }
        case .int64(let values): values
        }
    }
}

extension Tensor.Storage {
    /// The number of elements.
    public var count: Int {
        switch self {
        case .float32(let values): values.count
        case .float64(let values): values.count
        case .int64(let values): values.count
        }
    }
}

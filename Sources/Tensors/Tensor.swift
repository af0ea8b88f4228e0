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
    /// How this tensor came about, if derivatives are wanted through it.
    public let gradientNode: GradientNode?

    /// A tensor of the given elements. The caller guarantees that their number fits the shape.
    public init(storage: Storage, shape: [Int]) {
        self.init(storage: storage, shape: shape, gradientNode: nil)
    }

    init(storage: Storage, shape: [Int], gradientNode: GradientNode?) {
        self.storage = storage
        self.shape = shape
        self.gradientNode = gradientNode
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

    /// A float64 tensor, one-dimensional unless a shape is given.
    public init(float64 values: [Double], shape: [Int]? = nil) {
        self.init(storage: .float64(values), shape: shape ?? [values.count])
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

    /// The number of dimensions; 0 for a scalar.
    public var rank: Int { shape.count }

    /// The size of the elements in bytes.
    public var byteCount: Int { count * dtype.byteCount }

    /// The elements as float32, converted if need be.
    public var floats: [Float] { storage.floats }

    /// The elements as float64, converted if need be.
    public var doubles: [Double] { storage.doubles }

    /// The elements as integers: fractions are cut off, what does not fit is clamped, and NaN becomes 0.
    public var ints: [Int] { storage.ints }
}

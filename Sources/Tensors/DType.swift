/// The element types of a tensor.
public enum DType: String, Sendable, CaseIterable {
    case float32
    case float64
    case int64

    /// The size of one element in bytes.
    public var byteCount: Int { self == .float32 ? 4 : 8 }

    /// Whether elements are fractions, and so derivatives exist.
    public var isFloatingPoint: Bool { self != .int64 }

    /// The type of an operation's result on two types: float64 before float32 before int64.
    public func promoted(with other: DType) -> DType {
        if self == .float64 || other == .float64 { return .float64 }
        return self == .int64 && other == .int64 ? .int64 : .float32
    }

    /// The type of results that are fractions even for integers: int64 becomes float32.
    var floating: DType { self == .int64 ? .float32 : self }

    /// The name in a summary's footer, for instance `f32`.
    var abbreviation: String {
        switch self {
        case .float32: "f32"
        case .float64: "f64"
        case .int64: "i64"
        }
    }
}

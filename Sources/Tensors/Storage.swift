extension Tensor.Storage {
    /// The number of elements.
    public var count: Int {
        switch self {
        case .float32(let values): values.count
        case .float64(let values): values.count
        case .int64(let values): values.count
        }
    }

    /// Elements of a type, rounded from float64.
    init(_ dtype: DType, _ values: [Double]) {
        switch dtype {
        case .float32: self = .float32(values.map { Float($0) })
        case .float64: self = .float64(values)
        case .int64: self = .int64(values.map(Self.clampedInteger))
        }
    }

    var floats: [Float] {
        switch self {
        case .float32(let values): values
        case .float64(let values): values.map { Float($0) }
        case .int64(let values): values.map { Float($0) }
        }
    }

    var doubles: [Double] {
        switch self {
        case .float32(let values): values.map { Double($0) }
        case .float64(let values): values
        case .int64(let values): values.map { Double($0) }
        }
    }

    var ints: [Int] {
        switch self {
        case .float32(let values): values.map { Self.clampedInteger(Double($0)) }
        case .float64(let values): values.map(Self.clampedInteger)
        case .int64(let values): values
        }
    }

    func converted(to dtype: DType) -> Tensor.Storage {
        switch dtype {
        case .float32: .float32(floats)
        case .float64: .float64(doubles)
        case .int64: .int64(ints)
        }
    }

    /// The elements at the given places, in that order.
    func gathered(_ offsets: [Int]) -> Tensor.Storage {
        switch self {
        case .float32(let values): .float32(offsets.map { values[$0] })
        case .float64(let values): .float64(offsets.map { values[$0] })
        case .int64(let values): .int64(offsets.map { values[$0] })
        }
    }

    /// Conversions of user data must not trap, as `Int(_:)` would for NaN and large numbers.
    static func clampedInteger(_ value: Double) -> Int {
        if value.isNaN { return 0 }
        if value >= 0x1p63 { return .max }
        if value < -0x1p63 { return .min }
        return Int(value)
    }
}

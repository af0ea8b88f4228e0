import Glibc

extension Tensor {
    /// The most elements that a new tensor may have; beyond that a typing error is likelier than a wish.
    static let largestCount = 1 << 31

    /// The number of elements of a shape. Throws `invalidShape` for negative extents and beyond `largestCount`.
    static func checkedCount(_ shape: [Int], op: String) throws(TensorError) -> Int {
        var count = 1
        for extent in shape where extent < 0 { throw .invalidShape(op: op, shape: shape) }
        if shape.contains(0) { return 0 }
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow, product <= largestCount else { throw .invalidShape(op: op, shape: shape) }
            count = product
        }
        return count
    }

    /// A scalar, of shape `[]`.
    public static func scalar(_ value: Double, dtype: DType = .float32) -> Tensor {
        Tensor(storage: Storage(dtype, [value]), shape: [])
    }

    /// An int64 scalar, of shape `[]`.
    public static func scalar(_ value: Int) -> Tensor { Tensor([value], shape: []) }

    /// The same number everywhere.
    public static func full(_ shape: [Int], _ value: Double, dtype: DType = .float32) throws(TensorError) -> Tensor {
        try filled(shape, value, dtype, op: "full")
    }

    /// Zeros.
    public static func zeros(_ shape: [Int], dtype: DType = .float32) throws(TensorError) -> Tensor {
        try filled(shape, 0, dtype, op: "zeros")
    }

    /// Ones.
    public static func ones(_ shape: [Int], dtype: DType = .float32) throws(TensorError) -> Tensor {
        try filled(shape, 1, dtype, op: "ones")
    }

    private static func filled(
        _ shape: [Int], _ value: Double, _ dtype: DType, op: String
    ) throws(TensorError) -> Tensor {
        let count = try checkedCount(shape, op: op)
        let storage: Storage =
            switch dtype {
            case .float32: .float32(Array(repeating: Float(value), count: count))
            case .float64: .float64(Array(repeating: value, count: count))
            case .int64: .int64(Array(repeating: Storage.clampedInteger(value), count: count))
            }
        return Tensor(storage: storage, shape: shape)
    }

    /// The numbers `start`, `start + step` and so on, short of `end`.
    public static func arange(
        _ start: Double, _ end: Double, step: Double = 1, dtype: DType = .float32
    ) throws(TensorError) -> Tensor {
        guard step != 0, step.isFinite, start.isFinite, end.isFinite else {
            throw .invalidArgument(op: "arange", "start, end and step must be finite, and step not 0")
        }
        let steps = Swift.max(0, ((end - start) / step).rounded(.up))
        guard steps <= Double(largestCount) else {
            throw .invalidArgument(op: "arange", "that would be more than \(largestCount) elements")
        }
        return Tensor(storage: Storage(dtype, (0..<Int(steps)).map { start + Double($0) * step }), shape: [Int(steps)])
    }

    /// Numbers from the standard normal distribution; the same seed gives the same numbers.
    public static func randn(_ shape: [Int], seed: Int, dtype: DType = .float32) throws(TensorError) -> Tensor {
        let count = try checkedCount(shape, op: "randn")
        var random = SeededRandom(seed)
        var values: [Double] = []
        values.reserveCapacity(count)
        // Box and Muller, "A note on the generation of random normal deviates", 1958: two numbers from two.
        while values.count < count {
            let radius = (-2 * Glibc.log(1 - random.uniform())).squareRoot()
            let angle = 2 * Double.pi * random.uniform()
            values.append(radius * cos(angle))
            if values.count < count { values.append(radius * sin(angle)) }
        }
        return Tensor(storage: Storage(dtype, values), shape: shape)
    }

    /// The one element of this tensor. Throws `notScalar` if there are none or more.
    public func item() throws(TensorError) -> Double {
        guard count == 1, let value = doubles.first else { throw .notScalar(op: "item", shape: shape) }
        return value
    }
}

import Glibc

extension Tensor {
    /// The elementwise negation.
    public static prefix func - (operand: Tensor) -> Tensor {
        operand.unary({ -$0 }, integers: { 0 &- $0 }, derivative: { _, _ in -1 })
    }

    /// The elementwise exponential.
    public func exp() -> Tensor { unary({ Glibc.exp($0) }, derivative: { _, y in y }) }

    /// The elementwise natural logarithm.
    public func log() -> Tensor { unary({ Glibc.log($0) }, derivative: { x, _ in 1 / x }) }

    /// The elementwise square root.
    public func sqrt() -> Tensor { unary({ $0.squareRoot() }, derivative: { _, y in 0.5 / y }) }

    /// The elementwise absolute value; its derivative at 0 is 0.
    public func abs() -> Tensor {
        unary(
            { Swift.abs($0) }, integers: { $0 < 0 ? 0 &- $0 : $0 },
            derivative: { x, _ in x == 0 ? 0 : x < 0 ? -1 : 1 })
    }

    /// The elementwise hyperbolic tangent.
    public func tanh() -> Tensor { unary({ Glibc.tanh($0) }, derivative: { _, y in 1 - y * y }) }

    /// The elementwise 1 / (1 + e^-x), without overflow for any x.
    public func sigmoid() -> Tensor { unary(Self.sigmoid, derivative: { _, y in y * (1 - y) }) }

    /// The elementwise log(sigmoid(x)), exact to rounding for any x.
    public func logsigmoid() -> Tensor {
        unary(
            { Swift.min($0, 0) - log1p(Glibc.exp(-Swift.abs($0))) },
            derivative: { x, _ in Self.sigmoid(-x) })
    }

    /// Elements below the lower bound become it, elements above the upper bound become that; the derivative there is 0.
    public func clamp(min lower: Double? = nil, max upper: Double? = nil) -> Tensor {
        let low = lower ?? -.infinity
        let high = upper ?? .infinity
        let clamped: @Sendable (Double) -> Double = { $0 < low ? Swift.min(low, high) : $0 > high ? high : $0 }
        let bounds = [lower, upper].compactMap(\.self)
        if dtype == .int64, bounds.allSatisfy({ Int(exactly: $0) != nil }) {
            return Tensor(ints.map { Int(exactly: clamped(Double($0))) ?? $0 }, shape: shape)
        }
        return unary(clamped, derivative: { x, _ in x < low || x > high ? 0 : 1 })
    }

    /// An elementwise function, and its derivative as a function of the element and the result. Integers become float32 unless
    /// the function has a form for them.
    private func unary(
        _ function: (Double) -> Double, integers: ((Int) -> Int)? = nil,
        derivative: @escaping @Sendable (Double, Double) -> Double
    ) -> Tensor {
        if let integers, case .int64(let values) = storage { return Tensor(values.map(integers), shape: shape) }
        let (input, shape, dtype) = (storage, shape, dtype.floating)
        let values = input.doubles.map(function)
        return .result(Storage(dtype, values), shape: shape, of: [self]) { gradient in
            let inputs = input.doubles
            var parts = gradient.doubles
            for index in parts.indices { parts[index] *= derivative(inputs[index], values[index]) }
            return [Tensor(storage: Storage(dtype, parts), shape: shape)]
        }
    }

    private static func sigmoid(_ x: Double) -> Double {
        if x >= 0 { return 1 / (1 + Glibc.exp(-x)) }
        let power = Glibc.exp(x)
        return power / (1 + power)
    }
}

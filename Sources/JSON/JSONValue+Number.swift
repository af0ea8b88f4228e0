extension JSONValue {
    /// A number with its spelling. Two are equal if they stand for the same number.
    public struct Number: Sendable {
        /// The spelling.
        public let text: String

        /// A number by its spelling, which has to be one.
        init(text: String) { self.text = text }

        /// An integer.
        public init(_ value: Int) { text = String(value) }

        /// A float; what is not finite is a word, as Python spells it.
        public init(_ value: Double) {
            var bytes: [UInt8] = []
            JSONText.append(value, to: &bytes)
            text = String(decoding: bytes, as: UTF8.self)
        }

        /// The nearest float64.
        public var double: Double { Double(text) ?? .nan }

        /// The integer of 64 bits, if it is one; `3.0` and `3e2` are integers, too.
        public var integer: Int? { Int(text) ?? Int(exactly: double) }

        /// The non-negative integer, if it is one written without fraction and exponent.
        public var index: Int? { text.hasPrefix("-") ? nil : Int(text) }
    }
}

extension JSONValue.Number: Equatable {
    /// Whether both stand for the same number.
    public static func == (left: Self, right: Self) -> Bool {
        if left.text == right.text { return true }
        guard let first = Int(left.text), let second = Int(right.text) else { return left.double == right.double }
        return first == second
    }
}

extension JSONValue.Number: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    /// An integer.
    public init(integerLiteral value: Int) { self.init(value) }
    /// A float.
    public init(floatLiteral value: Double) { self.init(value) }
}

/// A JSON document (RFC 8259) as a tree. Numbers keep their spelling, because a position written as `1.0` is no position and not
/// every number is a float64; objects keep the order of their keys.
public enum JSONValue: Sendable, Equatable {
    /// JSON's `null`, or nothing.
    case null
    /// A truth value.
    case bool(Bool)
    /// Any number.
    case number(Number)
    /// A text.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// Values by name, in the text's order. A name may stand there twice; then the last one counts.
    case object([Member])

    /// A name in an object and its value.
    public struct Member: Sendable, Equatable {
        /// The name.
        public let key: String
        /// What it names.
        public let value: JSONValue

        /// A name and its value.
        public init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }
}

extension JSONValue {
    /// The text of a string.
    public var string: String? { if case .string(let text) = self { text } else { nil } }
    /// The elements of a list.
    public var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
    /// The number.
    public var number: Number? { if case .number(let number) = self { number } else { nil } }
    /// The members of an object by name.
    public var object: [String: JSONValue]? {
        guard case .object(let members) = self else { return nil }
        return Dictionary(members.lazy.map { ($0.key, $0.value) }) { $1 }
    }

    /// An object's member, unless it is missing or null.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self, let value = members.last(where: { $0.key == key })?.value else { return nil }
        if case .null = value { return nil }
        return value
    }

    /// What kind of value this is, in words.
    public var kindInWords: String {
        switch self {
        case .null: "null"
        case .bool: "a truth value"
        case .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An integer.
    public init(integerLiteral value: Int) { self = .number(Number(value)) }
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A list.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0, $1) })
    }
}

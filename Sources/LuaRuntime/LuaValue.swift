/// A Lua value as Swift sees it.
public enum LuaValue: Sendable {
    /// `nil`
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    /// Text; bytes that are no UTF-8 are repaired (`CallContext.bytes(at:)` gives them as they are).
    case string(String)
    case table(LuaTable)
    /// A function, or another value that Swift keeps by identity alone (a coroutine, a file).
    case function(LuaFunction)
    case object(any LuaObject)
}

extension LuaValue {
    /// Whether this is `nil`.
    public var isNone: Bool { if case .none = self { true } else { false } }

    /// Whether Lua takes this for true.
    public var isTruthy: Bool {
        switch self {
        case .none, .boolean(false): false
        default: true
        }
    }

    /// The boolean, if it is one.
    public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }

    /// The integer, also if it is a number without a fraction.
    public var integer: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The number, integer or not.
    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The text, if it is a string.
    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The table's snapshot, if it is a table.
    public var table: LuaTable? { if case .table(let value) = self { value } else { nil } }

    /// The function, if it is one.
    public var function: LuaFunction? { if case .function(let value) = self { value } else { nil } }

    /// The Swift object, if it is one.
    public var object: (any LuaObject)? { if case .object(let value) = self { value } else { nil } }

    /// The name of this value's type for error messages, for instance `integer`, `table` or `Tensor`.
    public var typeName: String {
        switch self {
        case .none: "nil"
        case .boolean: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .table: "table"
        case .function: "function"
        case .object(let object): type(of: object).luaType
        }
    }

    /// Short text for error messages: `"50"` for a string, the number for a number, else the type's name.
    public var brief: String {
        switch self {
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): value.isNaN ? "nan" : "\(value)"
        case .string(let value): value.count > 40 ? "\"\(value.prefix(40))...\"" : "\"\(value)\""
        default: typeName
        }
    }
}

extension LuaValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// `nil`
    public init(nilLiteral: ()) { self = .none }
}

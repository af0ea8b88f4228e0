/// A snapshot of a Lua table: a deep copy by value, read without metamethods. Changing it breaks the tie to the
/// original.
public struct LuaTable: Sendable {
    /// A string key and its value.
    public typealias Field = (name: String, value: LuaValue)

    /// The values of the keys 1, 2, ..., holes as `.none`.
    public var array: [LuaValue] { didSet { reference = nil } }
    /// The string keys; those of a table that came from Lua are sorted, because Lua has no order of its own.
    public var fields: [Field] { didSet { reference = nil } }
    /// Pairs with any other key: numbers outside of the array, booleans, tables, objects.
    public var others: [(key: LuaValue, value: LuaValue)] { didSet { reference = nil } }
    /// The original's identity. There for tables with functions or a metatable, on which methods can be called, and for
    /// tables that came by reference; pushing a table with a reference gives Lua the original.
    public private(set) var reference: LuaReference?

    /// An empty table.
    public init() { self.init(array: [], fields: []) }

    /// A table of array items and named fields.
    public init(array: [LuaValue] = [], fields: [Field] = []) {
        self.array = array
        self.fields = fields
        others = []
    }

    init(array: [LuaValue], fields: [Field], others: [(key: LuaValue, value: LuaValue)], reference: LuaReference?) {
        self.array = array
        self.fields = fields
        self.others = others
        self.reference = reference
    }

    /// The value of a string key, `.none` if there is none; setting `.none` removes it.
    public subscript(name: String) -> LuaValue {
        get { fields.first { $0.name == name }?.value ?? .none }
        set {
            let index = fields.firstIndex { $0.name == name }
            switch (index, newValue.isNone) {
            case (let index?, true): fields.remove(at: index)
            case (let index?, false): fields[index].value = newValue
            case (nil, true): break
            case (nil, false): fields.append((name, newValue))
            }
        }
    }

    /// Whether there is nothing in it.
    public var isEmpty: Bool { array.isEmpty && fields.isEmpty && others.isEmpty }

    /// Calls a method of the original table, `table:method(args)`, in a coroutine of its own on the Lua thread.
    /// Callable from anywhere. Throws `LuaError`.
    public func call(method: String, _ args: [LuaValue] = []) async throws -> [LuaValue] {
        guard let reference else {
            throw LuaError.usage(
                "the table has no method '\(method)'",
                hint: "methods can be called on tables that came from Lua and hold functions")
        }
        return try await reference.call(method: method, args)
    }
}

extension LuaTable: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    /// A table of named fields.
    public init(dictionaryLiteral elements: (String, LuaValue)...) {
        self.init(fields: elements.map { (name: $0.0, value: $0.1) })
    }

    /// A table of array items.
    public init(arrayLiteral elements: LuaValue...) { self.init(array: elements) }
}

import Cookbook
import JSON
import LuaRuntime

extension JSONValue {
    /// A Lua value as data: an array or a table with names, all the way down. Throws `data` for anything else, with
    /// its path below
    /// `place`, for instance `rows[3].prompt`.
    init(_ value: LuaValue, place: String) throws(LuaError) {
        switch value {
        case .none: self = .null
        case .boolean(let flag): self = .bool(flag)
        case .integer(let number): self = .number(.init(number))
        case .number(let number): self = .number(.init(number))
        case .string(let text): self = .string(text)
        case .table(let table):
            guard table.others.isEmpty, table.array.isEmpty || table.fields.isEmpty else {
                throw LuaError(
                    kind: "data", message: "\(place) mixes an array with named fields",
                    hint: "a list has items only, a row has names only")
            }
            if table.fields.isEmpty {
                var items: [JSONValue] = []
                for (index, item) in table.array.enumerated() {
                    items.append(try JSONValue(item, place: "\(place)[\(index + 1)]"))
                }
                self = .array(items)
            } else {
                var members: [Member] = []
                for (name, item) in table.fields {
                    members.append(Member(name, try JSONValue(item, place: "\(place).\(name)")))
                }
                self = .object(members)
            }
        case .function, .object:
            throw LuaError(kind: "data", message: "\(place) is a \(value.typeName), which no data row can hold")
        }
    }
}

extension LuaValue {
    /// Data as a Lua value; whole numbers become integers.
    init(_ value: JSONValue) {
        switch value {
        case .null: self = .none
        case .bool(let flag): self = .boolean(flag)
        case .number(let number): self = number.integer.map { .integer($0) } ?? .number(number.double)
        case .string(let text): self = .string(text)
        case .array(let items): self = .table(LuaTable(array: items.map { LuaValue($0) }))
        case .object: self.init(value.object ?? [:])
        }
    }

    /// Data by name as a table with sorted names.
    init(_ members: [String: JSONValue]) {
        self = .table(LuaTable(fields: members.sorted { $0.key < $1.key }.map { ($0.key, LuaValue($0.value)) }))
    }

    /// A list.
    init(list: some Sequence<LuaValue>) { self = .table(LuaTable(array: Array(list))) }

    /// A text, or nil.
    init(optional text: String?) { self = text.map { .string($0) } ?? .none }
}

import CLuaBridge
import TrainingAPI

extension LuaState {
    /// Sets a global of the session.
    public func setGlobal(_ name: String, _ value: LuaValue) throws(LuaError) {
        _ = try perform(LB_OP_SET_GLOBAL, name: name, values: [value])
    }

    /// A global of the session, or a built-in one. `byReference` gives a table by identity only, however large or
    /// cyclic it is.
    public func global(_ name: String, byReference: Bool = false) throws(LuaError) -> LuaValue {
        try perform(LB_OP_GET_GLOBAL, name: name, flag: byReference).values.first ?? .none
    }

    /// Forgets everything that cells have defined.
    public func resetGlobals() throws(LuaError) { _ = try perform(LB_OP_RESET) }

    /// The present contents of a referenced table, copied deep.
    public func read(_ reference: LuaReference) throws(LuaError) -> LuaValue {
        try perform(LB_OP_READ, reference: reference.id, flag: true).values.first ?? .none
    }

    /// A field of a referenced table; follows `__index`.
    public func field(_ name: String, of reference: LuaReference, byReference: Bool = false) throws(LuaError)
        -> LuaValue
    {
        try perform(LB_OP_FIELD, name: name, reference: reference.id, flag: byReference).values.first ?? .none
    }

    func number(of function: HostFunction) -> Int {
        functions.append(function)
        return functions.count - 1
    }

    /// A Lua function that calls a host function. It lives as long as the state.
    public func makeFunction(_ function: HostFunction) throws(LuaError) -> LuaFunction {
        let number = number(of: function)
        let made = try perform(LB_OP_FUNCTION, number: Int64(number), flag: function.takesReferences).values.first?
            .function
        guard let made else { throw LuaError(kind: "internal", message: "\(function.name) could not be made") }
        return made
    }

    /// Makes a value known under a dotted path, `rlhf.tensor.zeros`. Tables on the way are made; a table and a function
    /// of one name become a table that can be called.
    public func define(_ path: String, _ value: LuaValue) throws(LuaError) {
        _ = try perform(LB_OP_DEFINE, name: path, values: [value])
    }

    /// Registers how the objects of a class behave. Before the first of them reaches Lua.
    public func register(_ type: ObjectType) throws(LuaError) {
        let number = Int32(types.count + 1)
        types[type.name] = (number, type)
        let members = type.methods.map { $0.shortName } + type.properties.map { $0.shortName }
        let indexer = type.metamethods.first { $0.name == "__index" }
        var metamethods = type.metamethods.filter { $0.name != "__index" }
        metamethods.append(.index(of: type.name, members: members, fallback: indexer))
        if !metamethods.contains(where: { $0.name == "__newindex" }) { metamethods.append(.readOnly(type.name)) }
        _ = try perform(
            LB_OP_TYPE, name: type.name, number: Int64(number),
            values: [numbers(type.methods), numbers(type.properties), numbers(metamethods)])
    }

    private func numbers(_ functions: [HostFunction]) -> LuaValue {
        .table(LuaTable(fields: functions.map { ($0.shortName, .integer(number(of: $0))) }))
    }

    func typeNumber(_ name: String) -> Int32 { types[name]?.number ?? 0 }
}

extension HostFunction {
    /// What follows the last dot or colon of the name.
    public var shortName: String { name.split { $0 == "." || $0 == ":" }.last.map(String.init) ?? name }

    fileprivate static func index(of type: String, members: [String], fallback: HostFunction?) -> HostFunction {
        HostFunction("\(type):__index") { context in
            if let fallback {
                let result = try fallback.body(context)
                guard case .values(let values) = result, values.first?.isNone ?? true else { return result }
                // An integer beyond the end is nil, as in a Lua array; a name is a mistake.
                if context[1].string == nil { return result }
            }
            let key = context[1].string ?? context[1].brief
            throw LuaError.usage(
                "\(type) has no field '\(key)'", hint: NearMatches.hint(key, among: members, what: "it has"))
        }
    }

    fileprivate static func readOnly(_ type: String) -> HostFunction {
        HostFunction("\(type):__newindex") { context in
            throw LuaError.usage("\(type) is read-only: '\(context[1].string ?? context[1].brief)' cannot be set")
        }
    }
}

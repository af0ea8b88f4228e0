internal import LuaBindings
internal import LuaRuntime

extension Notebook {
    /// `rlhf.params{...}`
    var parametersBinding: FunctionBinding {
        let box = LuaThreadBox(object: self)
        return FunctionBinding(
            "rlhf.params",
            doc:
                "Declares a script's parameters. Gives the table back with what --set NAME=VALUE overrides, typed after "
                + "the default. An unknown --set name is an error.",
            parameters: [ParameterDoc("defaults", "table", "the parameters' names and default values")],
            returns: "table", example: "local params = rlhf.params{max_steps = 40, learning_rate = 1e-4}"
        ) { call in
            guard let notebook = box.object else { return .nothing }
            return .value(.table(try notebook.resolve(try call.table(0))))
        }
    }

    private func resolve(_ defaults: LuaTable) throws -> LuaTable {
        guard defaults.array.isEmpty, defaults.others.isEmpty else {
            throw LuaError.usage("rlhf.params takes names only", hint: "write rlhf.params{name = default, ...}")
        }
        var result = LuaTable(fields: defaults.fields)
        parameters.declare(defaults.fields.map(\.name))
        for field in defaults.fields where parameters.settings[field.name] != nil {
            guard let fallback = ScriptParameters.Value(field.value) else {
                throw LuaError.usage(
                    "rlhf.params: '\(field.name)' is a \(field.value.typeName), which --set cannot give")
            }
            if let value = try parameters.value(for: field.name, default: fallback) { result[field.name] = value.lua }
        }
        // A name that a later call may declare is not unknown yet; the end of the script looks again.
        parameterCalls += 1
        if parameterCalls >= declaredParameterCalls { try parameters.checkUnknown() }
        return result
    }

    /// How often the script's text calls `rlhf.params`.
    private var declaredParameterCalls: Int {
        (script?.codeCells ?? []).reduce(0) { $0 + $1.source.ranges(of: "rlhf.params").count }
    }
}

extension ScriptParameters.Value {
    /// A default; nil when it is of no type that text can give.
    init?(_ value: LuaValue) {
        switch value {
        case .boolean(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .string(value)
        case .table(let table) where table.fields.isEmpty && table.others.isEmpty:
            let items = table.array.compactMap { ScriptParameters.Value($0) }
            guard items.count == table.array.count else { return nil }
            self = .list(items)
        default: return nil
        }
    }

    var lua: LuaValue {
        switch self {
        case .bool(let value): .boolean(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        case .list(let items): .table(LuaTable(array: items.map(\.lua)))
        }
    }
}

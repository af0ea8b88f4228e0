import LuaRuntime

/// A set of options that never changes, such as AdamParams: made of a table, read field by field, printed as it was written.
protocol ParameterObject: LuaObject {
    /// The options' values in the order of their documentation; those that are not set are nil in Lua.
    var values: [(name: String, value: LuaValue)] { get }
}

extension TypeBinding {
    /// The type of a set of options.
    init<Object: ParameterObject>(_ type: Object.Type, doc: String, parameters: [ParameterDoc]) {
        self.init(
            name: type.luaType, doc: doc,
            properties: parameters.map { parameter in
                FunctionBinding(parameter.name, doc: Self.sentence(parameter.doc), returns: parameter.type) { context in
                    let values = try context.object(0, as: type).values
                    return .value(values.first { $0.name == parameter.name }?.value ?? .none)
                }
            },
            operators: [
                FunctionBinding("__tostring", doc: "Shows the options.") { context in
                    let values = try context.object(0, as: type).values.filter { !$0.value.isNone }
                    let parts = values.map { "\($0.name) = \(context.state.describe($0.value))" }
                    return .value(.string("\(type.luaType){\(parts.joined(separator: ", "))}"))
                }
            ])
    }

    private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }
}

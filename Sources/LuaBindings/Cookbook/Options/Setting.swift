import Cookbook
import LuaRuntime

/// A named option that sets one field of a configuration; its documented default is the configuration's own.
struct Setting<Config: Sendable>: Sendable {
    /// The option's name in Lua.
    let name: String
    private let document: @Sendable (Config) -> ParameterDoc
    private let take: @Sendable (inout OptionReader, inout Config) throws(LuaError) -> Void

    /// A setting of a field.
    init<Value: OptionValue>(
        _ name: String, _ field: any WritableKeyPath<Config, Value> & Sendable, _ documentation: String
    ) {
        self.init(name) { config in
            let choices = Value.choices.map { ": " + $0.map { "\"\($0)\"" }.joined(separator: ", ") } ?? ""
            return ParameterDoc(
                name, Value.typeName, default: config[keyPath: field].literal, documentation + choices,
                choices: Value.choices ?? [])
        } take: { (options, config) throws(LuaError) in
            if let value = try options.value(name, as: Value.self) { config[keyPath: field] = value }
        }
    }

    init(
        _ name: String, document: @escaping @Sendable (Config) -> ParameterDoc,
        take: @escaping @Sendable (inout OptionReader, inout Config) throws(LuaError) -> Void
    ) {
        self.name = name
        self.document = document
        self.take = take
    }

    /// The option with the default that a configuration has.
    func parameter(_ config: Config) -> ParameterDoc { document(config) }

    /// Takes the value over, if it was given.
    func apply(_ options: inout OptionReader, to config: inout Config) throws(LuaError) { try take(&options, &config) }

    /// The same setting of a part of a larger configuration.
    func of<Whole: Sendable>(_ part: any WritableKeyPath<Whole, Config> & Sendable) -> Setting<Whole> {
        Setting<Whole>(name) { [document] whole in
            document(whole[keyPath: part])
        } take: { [take] (options, whole) throws(LuaError) in
            try take(&options, &whole[keyPath: part])
        }
    }
}

extension [Setting<RunSettings>] {
    /// The same settings of a part of a larger configuration.
    func of<Whole: Sendable>(_ part: any WritableKeyPath<Whole, RunSettings> & Sendable) -> [Setting<Whole>] {
        map { $0.of(part) }
    }
}

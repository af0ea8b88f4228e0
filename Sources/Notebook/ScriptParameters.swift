/// What `--set NAME=VALUE` gives to a script's parameters, typed after the defaults that `rlhf.params{...}` declares.
public struct ScriptParameters: Sendable {
    /// A parameter's value.
    public enum Value: Sendable, Equatable {
        case bool(Bool)
        case integer(Int)
        case number(Double)
        case string(String)
        case list([Value])
    }

    /// The settings by name, as they were typed.
    public let settings: [String: String]
    private var declared: [String] = []

    /// The settings of the command line; the last of equal names wins.
    public init(_ settings: [String]) throws {
        var parsed: [String: String] = [:]
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { throw NotebookError.badSetting(setting) }
            parsed[String(parts[0])] = String(parts[1])
        }
        self.settings = parsed
    }

    /// Notes that the script has these parameters.
    public mutating func declare(_ names: [String]) {
        declared += names.filter { !declared.contains($0) }
    }

    /// The value set for a parameter, typed after its default; nil when it was not set.
    public func value(for name: String, default fallback: Value) throws -> Value? {
        try settings[name].map { text in
            guard let value = Self.parse(text, like: fallback) else {
                throw NotebookError.settingType(name: name, value: text, expected: fallback.typeName)
            }
            return value
        }
    }

    /// Throws when something was set that the script has not declared.
    public func checkUnknown() throws {
        let unknown = settings.keys.filter { !declared.contains($0) }.sorted()
        guard unknown.isEmpty else { throw NotebookError.unknownSetting(unknown, known: declared.sorted()) }
    }

    private static func parse(_ text: String, like fallback: Value) -> Value? {
        switch fallback {
        case .bool:
            switch text.lowercased() {
            case "true", "yes", "on", "1": return .bool(true)
            case "false", "no", "off", "0": return .bool(false)
            default: return nil
            }
        case .integer: return Int(text).map { .integer($0) }
        case .number: return Double(text).flatMap { $0.isNaN ? nil : .number($0) }
        case .string: return .string(text)
        case .list(let items):
            if text.isEmpty { return .list([]) }
            let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let values = parts.compactMap { parse($0, like: items.first ?? .string("")) }
            return values.count == parts.count ? .list(values) : nil
        }
    }
}

extension ScriptParameters.Value {
    /// What a value of this type is called in an error.
    var typeName: String {
        switch self {
        case .bool: "true or false"
        case .integer: "a whole number"
        case .number: "a number"
        case .string: "text"
        case .list(let items): "a list, separated by commas" + (items.first.map { ", of \($0.typeName)" } ?? "")
        }
    }
}

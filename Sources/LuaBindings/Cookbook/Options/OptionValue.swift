import Cookbook
import LuaRuntime

/// What an option can hold.
protocol OptionValue: Sendable {
    /// What error messages say must be there.
    static var expected: String { get }
    /// The type in documentation.
    static var typeName: String { get }
    /// All values there are, if they are few names.
    static var choices: [String]? { get }
    /// The value, unless Lua's is of another type.
    init?(option: LuaValue)
    /// The value as Lua code would write it.
    var literal: String { get }
}

extension OptionValue {
    static var typeName: String { expected }
    static var choices: [String]? { nil }
}

extension Double: OptionValue {
    static var expected: String { "number" }
    init?(option: LuaValue) {
        guard let number = option.number else { return nil }
        self = number
    }
    var literal: String { Int(exactly: self).map { "\($0)" } ?? "\(self)" }
}

extension Int: OptionValue {
    static var expected: String { "integer" }
    init?(option: LuaValue) {
        guard let number = option.integer else { return nil }
        self = number
    }
    var literal: String { "\(self)" }
}

extension Bool: OptionValue {
    static var expected: String { "boolean" }
    init?(option: LuaValue) {
        guard let flag = option.boolean else { return nil }
        self = flag
    }
    var literal: String { "\(self)" }
}

extension String: OptionValue {
    static var expected: String { "string" }
    init?(option: LuaValue) {
        guard let text = option.string else { return nil }
        self = text
    }
    var literal: String { "\"\(self)\"" }
}

extension Optional: OptionValue where Wrapped: OptionValue {
    static var expected: String { Wrapped.expected }
    static var typeName: String { Wrapped.typeName }
    static var choices: [String]? { Wrapped.choices }
    init?(option: LuaValue) {
        guard let value = Wrapped(option: option) else { return nil }
        self = value
    }
    var literal: String { map(\.literal) ?? "nil" }
}

/// A choice among names.
protocol OptionChoice: OptionValue, CaseIterable, RawRepresentable where RawValue == String {}

extension OptionChoice {
    static var expected: String {
        let names = allCases.map { "\"\($0.rawValue)\"" }
        return names.count == 1 ? names[0] : names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
    }
    static var typeName: String { "string" }
    static var choices: [String]? { allCases.map(\.rawValue) }
    init?(option: LuaValue) {
        guard let value = option.string.flatMap(Self.init(rawValue:)) else { return nil }
        self = value
    }
    var literal: String { "\"\(rawValue)\"" }
}

extension LearningRateSchedule: OptionChoice {}
extension LogDirPolicy: OptionChoice {}
extension TrainOnWhat: OptionChoice {}
extension TournamentPattern: OptionChoice {}
extension PreferenceModelKind: OptionChoice {}
extension CheckpointUtils.RequiredKey: OptionChoice {}

extension OptionReader {
    /// A value as a type, or nil if it was not given.
    mutating func value<Value: OptionValue>(_ name: String, as type: Value.Type) throws(LuaError) -> Value? {
        if let choices = Value.choices, let text = table[name].string, !choices.contains(text) {
            _ = try choice(name, of: choices)
        }
        return try optional(name, expected: Value.expected) { Value(option: $0) }
    }

    /// A value as a type, or its default.
    mutating func value<Value: OptionValue>(_ name: String, default defaultValue: Value) throws(LuaError) -> Value {
        try value(name, as: Value.self) ?? defaultValue
    }

    /// A table of numbers by name, or nil.
    mutating func numbers(_ name: String) throws(LuaError) -> [String: Double]? {
        try optional(name, expected: "table of numbers by name") { value -> [String: Double]? in
            guard let table = value.table, table.array.isEmpty, table.others.isEmpty else { return nil }
            var numbers: [String: Double] = [:]
            for field in table.fields {
                guard let number = field.value.number else { return nil }
                numbers[field.name] = number
            }
            return numbers
        }
    }
}

public import LuaRuntime
import TrainingAPI

/// Reads a table of options: typed, with defaults, and strict. Every key must be read or declared; call `finish()` at
/// the end.
///
///     var options = try OptionReader(context, 0)
///     let rank = try options.int("rank", default: 32, atLeast: 1)
///     try options.finish()
public struct OptionReader {
    /// The function whose options these are, for messages.
    public let functionName: String
    /// The options as they were given.
    public let table: LuaTable
    private var known: [String] = []

    /// Options of a table.
    public init(_ functionName: String, _ table: LuaTable) {
        self.functionName = functionName
        self.table = table
    }

    /// Options in an argument of a call; no argument means no options.
    public init(_ context: CallContext, _ index: Int) throws(LuaError) {
        let name = context.functionName.split { $0 == "." || $0 == ":" }.last.map(String.init) ?? context.functionName
        self.init(name, context[index].isNone ? LuaTable() : try context.table(index))
    }

    /// `f: option 'rank' expected integer >= 1, got "50"`, or that it is missing.
    public func mismatch(_ name: String, expected: String) -> LuaError {
        let value = table[name]
        if value.isNone { return .usage("\(functionName): option '\(name)' is missing, expected \(expected)") }
        return .usage("\(functionName): option '\(name)' expected \(expected), got \(value.brief)")
    }

    /// The value of any type; `.none` if it is not given.
    public mutating func value(_ name: String) -> LuaValue {
        known.append(name)
        return table[name]
    }

    /// A value that a conversion accepts, or nil if it is not given.
    public mutating func optional<Value>(
        _ name: String, expected: String, _ convert: (LuaValue) -> Value?
    ) throws(LuaError) -> Value? {
        let value = value(name)
        if value.isNone { return nil }
        guard let converted = convert(value) else { throw mismatch(name, expected: expected) }
        return converted
    }

    private mutating func required<Value>(
        _ name: String, _ defaultValue: Value?, expected: String, _ convert: (LuaValue) -> Value?
    ) throws(LuaError) -> Value {
        if let value = try optional(name, expected: expected, convert) ?? defaultValue { return value }
        throw mismatch(name, expected: expected)
    }

    /// An integer; without a default it is required.
    public mutating func int(
        _ name: String, default defaultValue: Int? = nil, atLeast minimum: Int = .min
    ) throws(LuaError) -> Int {
        let expected = minimum == .min ? "integer" : "integer >= \(minimum)"
        return try required(name, defaultValue, expected: expected) { $0.integer.flatMap { $0 >= minimum ? $0 : nil } }
    }

    /// A number in a range; without a default it is required.
    public mutating func double(
        _ name: String, default defaultValue: Double? = nil, in range: ClosedRange<Double> = -.infinity ... .infinity
    ) throws(LuaError) -> Double {
        let expected =
            switch (range.lowerBound.isFinite, range.upperBound.isFinite) {
            case (false, false): "number"
            case (true, false): "number >= \(range.lowerBound)"
            case (false, true): "number <= \(range.upperBound)"
            case (true, true): "number in \(range.lowerBound)...\(range.upperBound)"
            }
        return try required(name, defaultValue, expected: expected) {
            $0.number.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A string; without a default it is required.
    public mutating func string(_ name: String, default defaultValue: String? = nil) throws(LuaError) -> String {
        try required(name, defaultValue, expected: "string", \.string)
    }

    /// One of some strings; without a default it is required. A misspelt one is told the nearest.
    public mutating func choice(
        _ name: String, of choices: [String], default defaultValue: String? = nil
    ) throws(LuaError) -> String {
        let value = try string(name, default: defaultValue)
        guard choices.contains(value) else {
            throw .usage(
                "\(functionName): option '\(name)' cannot be \"\(value)\"",
                hint: NearMatches.hint(value, among: choices, what: "it is one of"))
        }
        return value
    }

    /// A boolean; without a default it is required.
    public mutating func bool(_ name: String, default defaultValue: Bool? = nil) throws(LuaError) -> Bool {
        try required(name, defaultValue, expected: "boolean", \.boolean)
    }

    /// A function; required.
    public mutating func function(_ name: String) throws(LuaError) -> LuaFunction {
        try required(name, nil, expected: "function", \.function)
    }

    /// A table; required.
    public mutating func table(_ name: String) throws(LuaError) -> LuaTable {
        try required(name, nil, expected: "table", \.table)
    }

    /// An object of a class; required.
    public mutating func object<Object: LuaObject>(_ name: String, as type: Object.Type = Object.self) throws(LuaError)
        -> Object
    {
        try required(name, nil, expected: Object.luaType) { $0.object as? Object }
    }

    /// A list whose items a conversion accepts; without a default it is required. A wrong item is named by its place.
    public mutating func list<Item>(
        _ name: String, of item: String, default defaultValue: [Item]? = nil, _ convert: (LuaValue) -> Item?
    ) throws(LuaError) -> [Item] {
        let value = value(name)
        if value.isNone, let defaultValue { return defaultValue }
        guard case .table(let list) = value, list.fields.isEmpty else {
            throw mismatch(name, expected: "list of \(item)")
        }
        var items = [Item]()
        for (index, value) in list.array.enumerated() {
            guard let converted = convert(value) else {
                throw .usage(
                    "\(functionName): option '\(name)', item \(index + 1) expected \(item), got \(value.brief)")
            }
            items.append(converted)
        }
        return items
    }

    /// Throws for a key that nobody has read, with the names it may have meant.
    public func finish(otherKeys: [String] = []) throws(LuaError) {
        let keys = known + otherKeys
        for (name, _) in table.fields where !keys.contains(name) {
            throw .usage(
                "\(functionName): unknown option '\(name)'", hint: NearMatches.hint(name, among: keys, what: "it has"))
        }
        if let value = table.array.first ?? table.others.first?.value {
            throw .usage(
                "\(functionName): options are given by name, got \(value.brief) without one",
                hint: keys.isEmpty ? nil : "it has: " + keys.sorted().prefix(30).joined(separator: ", "))
        }
    }
}

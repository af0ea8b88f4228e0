import CLuaBridge
public import Display

/// A value as the bridge cuts it for display.
indirect enum DisplayNode {
    case scalar(String)
    case string(String)
    case table(array: [DisplayNode], pairs: [(key: DisplayNode, value: DisplayNode)], hidden: Int)

    init(_ reader: inout ItemReader) {
        let item = reader.item()
        switch Int(item.tag) {
        case LB_NIL: self = .scalar("nil")
        case LB_FALSE: self = .scalar("false")
        case LB_TRUE: self = .scalar("true")
        case LB_INTEGER: self = .scalar("\(item.value.integer)")
        case LB_NUMBER: self = .scalar(Self.text(item.value.number))
        case LB_STRING: self = .string(ItemReader.text(item))
        case LB_TABLE:
            let array = (0..<item.length).map { _ in DisplayNode(&reader) }
            let pairs = (0..<item.count).map { _ in (key: DisplayNode(&reader), value: DisplayNode(&reader)) }
            self = .table(
                array: array, pairs: pairs.sorted { $0.key.sortKey < $1.key.sortKey }, hidden: Int(item.reference))
        default: self = .scalar(ItemReader.text(item))
        }
    }

    private static func text(_ number: Double) -> String {
        if number.isNaN { return "nan" }
        if number.isInfinite { return number < 0 ? "-inf" : "inf" }
        return "\(number)"
    }

    private var sortKey: String {
        switch self {
        case .scalar(let text), .string(let text): text
        case .table: ""
        }
    }

    private static func quoted(_ text: String) -> String {
        let limit = 200
        let shown = text.count > limit ? String(text.prefix(limit)) : text
        var quoted = "\""
        for scalar in shown.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case _ where scalar.value < 32 || scalar.value == 127: quoted += "\\\(scalar.value)"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\"" + (text.count > limit ? "... (\(text.count) characters)" : "")
    }

    private var key: String {
        switch self {
        case .scalar(let text): "[\(text)]"
        case .table: "[table]"
        case .string(let text):
            Self.isName(text) ? text : "[\(Self.quoted(text))]"
        }
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first), !LuaKeywords.all.contains(text) else {
            return false
        }
        return text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
        }
    }

    /// Text on one line where it fits, else a line for each entry.
    func text(width: Int, indent: Int = 0) -> String {
        switch self {
        case .scalar(let text):
            return text.replacing("\n", with: "\n" + String(repeating: " ", count: indent))
        case .string(let text): return Self.quoted(text)
        case .table(let array, let pairs, let hidden):
            let inner = indent + 2
            var parts = array.map { $0.text(width: width, indent: inner) }
            parts += pairs.map { "\($0.key.key) = \($0.value.text(width: width, indent: inner))" }
            if hidden > 0 { parts.append("... \(hidden) more") }
            if parts.isEmpty { return "{}" }
            let line = "{" + parts.joined(separator: ", ") + "}"
            if indent + line.count <= width, !line.contains("\n") { return line }
            let pad = String(repeating: " ", count: inner)
            return "{\n" + parts.map { pad + $0 }.joined(separator: ",\n") + "\n"
                + String(repeating: " ", count: indent) + "}"
        }
    }
}

/// Lua's reserved words.
package enum LuaKeywords {
    /// All of them.
    package static let all: Set<String> = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
        "not", "or",
        "repeat", "return", "then", "true", "until", "while",
    ]
}

extension LuaState {
    /// A summary of a value for people: tables to a depth and a number of items each, cycles marked, objects and tables
    /// that define `__tostring` by it. Runs no other metamethod and never fails. A string at the top stands without
    /// quotes if asked for.
    public func describe(
        _ value: LuaValue, depth: Int = 4, items: Int = 30, width: Int = 100, quotesStrings: Bool = true
    ) -> String {
        if case .string(let text) = value, !quotesStrings { return text }
        do {
            let node = try perform(LB_OP_DISPLAY, depth: depth, limit: items, values: [value]).nodes.first
            return node?.text(width: width) ?? "nil"
        } catch {
            return "<\(value.typeName): \(error.message)>"
        }
    }

    /// What a value shows as the result of a cell, with text that fits `width`; a large table is cut to some forty lines.
    public func displayValue(of value: LuaValue, width: Int = 100) -> DisplayValue {
        if let object = value.object as? any DisplayableObject { return object.displayValue }
        let most = 40
        var text = ""
        // Less and less of it: first fewer items, then less of what is deep inside.
        for (depth, items) in [(4, 30), (4, 10), (4, 4), (3, 8), (2, 30), (2, 10)] {
            text = describe(value, depth: depth, items: items, width: width)
            if text.split(separator: "\n").count <= most { break }
        }
        return .text(text)
    }
}

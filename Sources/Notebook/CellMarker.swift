internal import Foundation
import JSON

/// A line that begins a cell: `-- %% Title [markdown] {"key": "value"}`, `-- <codecell>` or `-- In[12]:`.
struct CellMarker {
    var title = ""
    var kind = ScriptCell.Kind.code
    var depth = 0
    var metadata: [String: JSONValue] = [:]

    /// Nil when the line begins no cell.
    init?(_ line: String) {
        guard let rest = Self.afterComment(line) else { return nil }
        if rest.hasPrefix("%%") {
            let options = rest.dropFirst(2)
            let afterSigns = options.drop { $0 == "%" }
            guard afterSigns.isEmpty || afterSigns.first?.isWhitespace == true else { return nil }
            // Without a blank after it, only the bare marker counts.
            if afterSigns.isEmpty && !options.isEmpty { return nil }
            parse(String(options))
        } else if !Self.isPlainMarker(rest) {
            return nil
        }
    }

    static func isMarker(_ line: String) -> Bool { CellMarker(line) != nil }

    private static func afterComment(_ line: String) -> Substring? {
        let text = line.drop(while: \.isWhitespace)
        return text.hasPrefix("--") ? text.dropFirst(2).drop(while: \.isWhitespace) : nil
    }

    private static func isPlainMarker(_ rest: Substring) -> Bool {
        var text = String(rest)
        while text.last?.isWhitespace == true { text.removeLast() }
        if text == "<codecell>" { return true }
        guard text.hasPrefix("In[") else { return false }
        if text.hasSuffix(":") { text.removeLast() }
        return text.hasSuffix("]") && text.dropFirst(3).dropLast().allSatisfy { $0 == " " || ("0"..."9").contains($0) }
    }

    private mutating func parse(_ options: String) {
        let text = options.trimmingCharacters(in: .whitespaces)
        let brace = text.firstIndex(of: "{")
        let equals = text.firstIndex(of: "=")
        if let brace, equals.map({ brace < $0 }) ?? true {
            title = text[..<brace].trimmingCharacters(in: .whitespaces)
            metadata =
                Self.json(String(text[brace...])) ?? ["incorrectly_encoded_metadata": .string(String(text[brace...]))]
        } else if let equals {
            var words = text[..<equals].split(separator: " ", omittingEmptySubsequences: false)
            while words.last?.isEmpty == true { words.removeLast() }
            if !words.isEmpty { words.removeLast() }
            while let last = words.last, last.isEmpty || last.hasPrefix(".") { words.removeLast() }
            title = words.joined(separator: " ")
            metadata = Self.pairs(String(text.dropFirst(title.count)))
        } else {
            title = text
        }
        for (code, kind) in [("[markdown]", ScriptCell.Kind.markdown), ("[raw]", .raw), ("[md]", .markdown)]
        where title.contains(code) {
            title = title.replacing(code, with: "").trimmingCharacters(in: .whitespaces)
            self.kind = kind
            break
        }
        let bare = title.drop { $0 == "%" }
        depth = title.count - bare.count
        if depth > 0 { title = bare.trimmingCharacters(in: .whitespaces) }
    }

    private static func json(_ text: String) -> [String: JSONValue]? {
        value(text)?.object
    }

    /// `key="v" other=2`, read from the right, because a value may hold blanks and equal signs.
    private static func pairs(_ text: String) -> [String: JSONValue] {
        let text = text.trimmingCharacters(in: .whitespaces)
        guard !text.isEmpty else { return [:] }
        var search = text.endIndex
        while let equals = text[..<search].lastIndex(of: "=") {
            search = equals
            let left = text[..<equals].trimmingCharacters(in: .whitespaces)
            let keyStart = left.lastIndex(of: " ").map { left.index(after: $0) } ?? left.startIndex
            let key = String(left[keyStart...])
            guard isKey(key), let value = value(String(text[text.index(after: equals)...])) else { continue }
            var result = pairs(String(left[..<keyStart]))
            result[key] = value
            return result
        }
        let words = text.split(separator: " ").map(String.init)
        return words.allSatisfy(isKey)
            ? Dictionary(words.map { ($0, JSONValue.null) }, uniquingKeysWith: { first, _ in first })
            : ["incorrectly_encoded_metadata": .string(text)]
    }

    private static func isKey(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || "_.-".contains($0) }
    }

    private static func value(_ text: String) -> JSONValue? {
        var text = text.trimmingCharacters(in: .whitespaces)
        switch text {
        case "True": return .bool(true)
        case "False": return .bool(false)
        case "None": return .null
        default: break
        }
        if text.count >= 2, text.hasPrefix("'"), text.hasSuffix("'"), !text.dropFirst().dropLast().contains("'") {
            text = "\"" + text.dropFirst().dropLast().replacing("\"", with: "\\\"") + "\""
        }
        return try? JSONValue(parsing: Array(text.utf8))
    }
}

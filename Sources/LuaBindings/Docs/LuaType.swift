import LuaRuntime

/// The type texts of the registry, written for people, as the Lua language server writes types.
struct LuaType {
    /// The names of the registry's types.
    let types: Set<String>

    /// `string | table[]` stays, `Datum` becomes `rlhf.Datum`, `function(a) -> number` becomes `fun(a: any): number`; what is
    /// prose becomes `any`.
    func annotation(_ text: String) -> String {
        let alternatives = Self.alternatives(text)
        let parts = alternatives.map(single)
        // One part that cannot be told makes the whole unknown, rather than a wrong narrow type.
        guard !parts.isEmpty, parts.allSatisfy({ $0 != nil }) else { return "any" }
        return parts.compactMap { $0 }.joined(separator: "|")
    }

    /// Whether the text says more than the annotation does.
    func isProse(_ text: String) -> Bool { annotation(text) == "any" && text != "any" && !text.isEmpty }

    private static let basic: Set<String> = [
        "string", "integer", "number", "boolean", "table", "any", "nil", "function",
    ]

    private func single(_ text: String) -> String? {
        if Self.basic.contains(text) { return text }
        if types.contains(text) { return "rlhf.\(text)" }
        if text.hasSuffix("[]") { return single(String(text.dropLast(2))).map { $0.contains("|") ? "(\($0))[]" : $0 + "[]" } }
        if text == "Future" || text.hasPrefix("Future of ") { return types.contains("Future") ? "rlhf.Future" : nil }
        if let match = text.wholeMatch(of: /function\(([^)]*)\)(?: -> (.+))?/) {
            let parameters = match.1.split(separator: ",").map { $0.filter { $0 != " " } }
            let result = match.2.map { ": " + (single(String($0)) ?? "any") } ?? ""
            return "fun(" + parameters.map { $0 == "..." ? "...: any" : "\($0): any" }.joined(separator: ", ") + ")" + result
        }
        if let match = text.wholeMatch(of: /\{\[(\w+)\] = (.+)\}/) {
            guard let value = single(String(match.2)) else { return nil }
            return "table<\(match.1 == "integer" ? "integer" : "string"), \(value)>"
        }
        return text.hasPrefix("{") && text.hasSuffix("}") ? "table" : nil
    }

    /// The parts between ` | ` and ` or ` outside of brackets.
    private static func alternatives(_ text: String) -> [String] {
        var parts = [""], depth = 0
        var words = text.split(separator: " ", omittingEmptySubsequences: true)[...]
        while let word = words.popFirst() {
            let isSeparator = depth == 0 && (word == "|" || word == "or")
            depth += word.count { "({[".contains($0) } - word.count { ")}]".contains($0) }
            if isSeparator {
                parts.append("")
            } else {
                parts[parts.count - 1] += (parts[parts.count - 1].isEmpty ? "" : " ") + word
            }
        }
        return parts
    }
}

import JSON

extension JSONValue {
    /// The document with a line for each member, indented by one blank as Jupyter does it, so that versions can be compared.
    func prettyText(indent: Int = 0) -> String {
        let inner = String(repeating: " ", count: indent + 1)
        let end = "\n" + String(repeating: " ", count: indent)
        switch self {
        case .array(let values) where !values.isEmpty:
            return "[\n" + values.map { inner + $0.prettyText(indent: indent + 1) }.joined(separator: ",\n") + end + "]"
        case .object(let members) where !members.isEmpty:
            let lines = members.map { "\(inner)\(JSONValue.string($0.key).text): \($0.value.prettyText(indent: indent + 1))" }
            return "{\n" + lines.joined(separator: ",\n") + end + "}"
        default: return text
        }
    }

    /// A text as Jupyter writes it: a list of lines, each with its newline.
    static func lines(_ text: String) -> JSONValue {
        guard !text.isEmpty else { return .array([]) }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0 + "\n" }
        let last = String(lines.removeLast().dropLast())
        return .array(lines.map { .string(String($0)) } + (last.isEmpty ? [] : [.string(last)]))
    }
}

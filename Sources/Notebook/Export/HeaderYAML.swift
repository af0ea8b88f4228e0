import JSON

/// The part of YAML that Jupytext's headers are written in: names, nested by indentation, with texts as values.
enum HeaderYAML {
    /// The header's entries; those below `jupyter:`, where Jupytext puts the notebook's metadata, come up to the top.
    static func members(_ lines: [String]) -> [JSONValue.Member] {
        var rest = lines.filter { !$0.allSatisfy(\.isWhitespace) }[...]
        let members = block(&rest, indent: 0)
        guard case .object(let inner)? = members.first(where: { $0.key == "jupyter" })?.value else { return members }
        return inner + members.filter { $0.key != "jupyter" }
    }

    /// The lines of a header with the given metadata below `jupyter:`.
    static func lines(_ metadata: [JSONValue.Member]) -> [String] {
        metadata.isEmpty ? [] : ["jupyter:"] + lines(metadata, indent: 2)
    }

    private static func lines(_ members: [JSONValue.Member], indent: Int) -> [String] {
        members.flatMap { member -> [String] in
            let head = String(repeating: " ", count: indent) + member.key + ":"
            if case .object(let inner) = member.value { return [head] + lines(inner, indent: indent + 2) }
            guard let text = member.value.string else { return ["\(head) \(member.value.text)"] }
            let isPlain =
                !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || " _.-()".contains($0) } && Double(text) == nil
            return ["\(head) \(isPlain ? text : "'" + text.replacing("'", with: "''") + "'")"]
        }
    }

    private static func block(_ lines: inout ArraySlice<String>, indent: Int) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        while let line = lines.first {
            let depth = line.prefix { $0 == " " }.count
            guard depth >= indent, let colon = line.firstIndex(of: ":") else {
                if depth >= indent { lines.removeFirst() } else { break }
                continue
            }
            lines.removeFirst()
            let key = line[..<colon].drop { $0 == " " }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            if value.isEmpty, let next = lines.first, next.prefix(while: { $0 == " " }).count > depth {
                members.append(.init(String(key), .object(block(&lines, indent: depth + 1))))
            } else {
                members.append(.init(String(key), scalar(String(value))))
            }
        }
        return members
    }

    private static func scalar(_ text: String) -> JSONValue {
        switch text {
        case "": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: break
        }
        for quote in ["'", "\""] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            return .string(String(text.dropFirst().dropLast()).replacing(quote == "'" ? "''" : "\\\"", with: quote))
        }
        if let number = Int(text) { return .number(.init(number)) }
        return .string(text)
    }
}

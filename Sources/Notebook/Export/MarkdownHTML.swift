import Display

/// Turns the Markdown of prose cells into HTML: headings, paragraphs, lists, tables, quotes, code, emphasis and links. Everything
/// else stands as it is; HTML in the text is shown, not obeyed.
enum MarkdownHTML {
    /// The text as HTML blocks.
    static func html(_ text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
        var blocks: [String] = []
        while let line = lines.first {
            if line.allSatisfy(\.isWhitespace) {
                lines.removeFirst()
            } else {
                blocks.append(block(&lines))
            }
        }
        return blocks.joined(separator: "\n")
    }

    private static func block(_ lines: inout ArraySlice<String>) -> String {
        guard let line = lines.first else { return "" }
        if let fence = fence(line) {
            lines.removeFirst()
            let body = take(&lines, mayBeNone: true) { self.fence($0)?.hasPrefix(fence) != true }
            lines = lines.dropFirst()
            return "<pre><code>\(HTMLText.escaped(body.joined(separator: "\n")))</code></pre>"
        }
        if let (level, title) = heading(line) {
            lines.removeFirst()
            return "<h\(level)>\(inline(title))</h\(level)>"
        }
        if line.hasPrefix("    ") {
            let body = take(&lines) { $0.hasPrefix("    ") || $0.allSatisfy(\.isWhitespace) }
            return
                "<pre><code>\(HTMLText.escaped(body.map { String($0.dropFirst(4)) }.joined(separator: "\n").trimmedEnd))</code></pre>"
        }
        if line.hasPrefix(">") {
            let body = take(&lines) { $0.hasPrefix(">") }.map { String($0.dropFirst().drop { $0 == " " }) }
            return "<blockquote>\(html(body.joined(separator: "\n")))</blockquote>"
        }
        if line.hasPrefix("|"), lines.dropFirst().first.map(isTableRule) == true { return table(&lines) }
        if let ordered = item(line)?.isOrdered { return list(&lines, isOrdered: ordered) }
        if ["---", "***", "___"].contains(line.filter { $0 != " " }) {
            lines.removeFirst()
            return "<hr>"
        }
        let body = take(&lines) {
            !$0.allSatisfy(\.isWhitespace) && heading($0) == nil && fence($0) == nil && item($0) == nil && !$0.hasPrefix(">")
        }
        return "<p>\(inline(body.joined(separator: "\n")))</p>"
    }

    /// The lines from the first on that belong together; the first always does unless it `mayBeNone`.
    private static func take(
        _ lines: inout ArraySlice<String>, mayBeNone: Bool = false, while belongs: (String) -> Bool
    ) -> [String] {
        let taken = (mayBeNone ? 0 : 1) + lines.dropFirst(mayBeNone ? 0 : 1).prefix(while: belongs).count
        defer { lines = lines.dropFirst(taken) }
        return Array(lines.prefix(taken))
    }

    private static func fence(_ line: String) -> String? {
        let marks = line.prefix { $0 == "`" }
        return marks.count >= 3 ? String(marks) : nil
    }

    private static func heading(_ line: String) -> (level: Int, title: String)? {
        let level = line.prefix { $0 == "#" }.count
        guard (1...6).contains(level), line.dropFirst(level).first == " " else { return nil }
        return (level, String(line.dropFirst(level + 1)))
    }

    // MARK: Lists and tables

    private static func item(_ line: String) -> (isOrdered: Bool, indent: Int, text: String)? {
        let indent = line.prefix { $0 == " " }.count
        let text = line.dropFirst(indent)
        if let first = text.first, "-*+".contains(first), text.dropFirst().first == " " {
            return (false, indent + 2, String(text.dropFirst(2)))
        }
        let digits = text.prefix(while: \.isNumber)
        let rest = text.dropFirst(digits.count)
        guard !digits.isEmpty, digits.count < 4, rest.hasPrefix(". ") else { return nil }
        return (true, indent + digits.count + 2, String(rest.dropFirst(2)))
    }

    private static func list(_ lines: inout ArraySlice<String>, isOrdered: Bool) -> String {
        var items: [[String]] = []
        var indent = 0
        while let line = lines.first {
            let depth = line.prefix { $0 == " " }.count
            if let item = item(line), item.isOrdered == isOrdered, items.isEmpty || depth < indent {
                items.append([item.text])
                indent = item.indent
            } else if !items.isEmpty, depth >= min(indent, 2), !line.allSatisfy(\.isWhitespace) {
                items[items.count - 1].append(String(line.dropFirst(min(depth, indent))))
            } else {
                break
            }
            lines.removeFirst()
        }
        let tag = isOrdered ? "ol" : "ul"
        let body = items.map { lines -> String in
            let rest = lines.dropFirst()
            let isNested = rest.contains { item($0) != nil }
            return
                "<li>\(isNested ? inline(lines[0]) + html(rest.joined(separator: "\n")) : inline(lines.joined(separator: "\n")))</li>"
        }
        return "<\(tag)>\(body.joined())</\(tag)>"
    }

    private static func isTableRule(_ line: String) -> Bool {
        line.contains("-") && line.allSatisfy { "|-: ".contains($0) }
    }

    private static func table(_ lines: inout ArraySlice<String>) -> String {
        func cells(_ line: String, _ tag: String) -> String {
            var text = line.trimmedEnd[...]
            if text.hasPrefix("|") { text.removeFirst() }
            if text.hasSuffix("|") { text.removeLast() }
            return "<tr>"
                + text.split(separator: "|", omittingEmptySubsequences: false)
                .map { "<\(tag)>\(inline(String($0).trimmedEnd))</\(tag)>" }.joined() + "</tr>"
        }
        let head = cells(lines.removeFirst(), "th")
        lines.removeFirst()
        let rows = take(&lines, mayBeNone: true) { $0.hasPrefix("|") }.map { cells($0, "td") }
        return "<div class=\"wide\"><table><thead>\(head)</thead><tbody>\(rows.joined())</tbody></table></div>"
    }

    // MARK: Inside of a block

    static func inline(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let first = rest.first {
            if first == "`", let (code, after) = between(rest, "`") {
                result += "<code>\(HTMLText.escaped(code))</code>"
                rest = after
            } else if rest.hasPrefix("**"), let (bold, after) = between(rest, "**") {
                result += "<strong>\(inline(bold))</strong>"
                rest = after
            } else if first == "*" || first == "_", result.last.map({ !$0.isLetter && !$0.isNumber }) ?? true,
                let (emphasis, after) = between(rest, String(first)), emphasis.first != " "
            {
                result += "<em>\(inline(emphasis))</em>"
                rest = after
            } else if first == "[", let (label, address, after) = link(rest) {
                result += "<a href=\"\(HTMLText.escaped(address))\">\(inline(label))</a>"
                rest = after
            } else {
                result += HTMLText.escaped(String(first))
                rest = rest.dropFirst()
            }
        }
        return result
    }

    private static func between(_ text: Substring, _ mark: String) -> (inside: String, after: Substring)? {
        let body = text.dropFirst(mark.count)
        guard let end = body.firstRange(of: mark), end.lowerBound > body.startIndex else { return nil }
        return (String(body[..<end.lowerBound]), body[end.upperBound...])
    }

    /// Only addresses that lead somewhere; a script address is shown as text.
    private static func link(_ text: Substring) -> (label: String, address: String, after: Substring)? {
        guard let middle = text.firstRange(of: "]("), let end = text[middle.upperBound...].firstIndex(of: ")") else { return nil }
        let label = text[text.index(after: text.startIndex)..<middle.lowerBound]
        let address = text[middle.upperBound..<end]
        let scheme = address.prefix { $0 != ":" }.lowercased()
        guard !label.contains("\n"), !address.contains(":") || ["http", "https", "mailto"].contains(scheme) else { return nil }
        return (String(label), String(address), text[text.index(after: end)...])
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

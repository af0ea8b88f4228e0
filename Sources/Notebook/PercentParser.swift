/// Splits a Lua file into cells where Jupytext's percent format does, so that a file means the same in every tool.
/// The split goes by lines: a marker inside a long string or comment splits too.
enum PercentParser {
    static func parse(_ text: String, path: String?) -> Script {
        let lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
        var all = lines
        if all.last?.isEmpty == true { all.removeLast() }
        let (header, start) = header(all)
        var cells: [ScriptCell] = []
        var position = start
        // The one blank line after a header separates.
        if start > 0, !header.isEmpty, position < all.count, isBlank(all[position]) { position += 1 }
        while position < all.count {
            let end = cellEnd(all, from: position)
            let cell = cell(all, position..<end)
            // Jupytext makes an empty cell of blank lines before the first marker; here it would only shift the numbers.
            if CellMarker.isMarker(all[position]) || cell.source.contains(where: { !$0.isWhitespace }) {
                cells.append(cell)
            }
            position = end
        }
        return Script(path: path, header: header, cells: cells, lines: all)
    }

    private static func cell(_ lines: [String], _ range: Range<Int>) -> ScriptCell {
        let marker = CellMarker(lines[range.lowerBound])
        var end = range.upperBound
        // Exactly two blank lines before the next marker separate, or one empty line; of three, two are the cell's.
        if end - range.lowerBound >= 3, isBlank(lines[end - 1]), isBlank(lines[end - 2]), !isBlank(lines[end - 3]) {
            end -= 2
        } else if lines[end - 1].isEmpty {
            end -= 1
        }
        let first = range.lowerBound + (marker == nil ? 0 : 1)
        let body = first < end ? Array(lines[first..<end]) : []
        let kind = marker?.kind ?? .code
        return ScriptCell(
            title: marker?.title ?? "", kind: kind, depth: marker?.depth ?? 0, metadata: marker?.metadata ?? [:],
            source: (kind == .code ? body : body.map(uncommented)).joined(separator: "\n"),
            lines: range.lowerBound + 1...range.upperBound, firstSourceLine: first + 1)
    }

    private static func cellEnd(_ lines: [String], from start: Int) -> Int {
        let kind = CellMarker(lines[start])?.kind ?? .code
        var quotes = QuoteScanner()
        var fence: CodeFence?
        for index in start..<lines.count {
            let isQuoted = quotes.isQuoted
            quotes.read(lines[index])
            if isQuoted { continue }
            if kind != .code {
                let text = uncommented(lines[index])
                if let open = fence {
                    if open.isClosed(by: text) { fence = nil }
                    continue
                }
                if let opening = CodeFence(text),
                    lines[(index + 1)...].contains(where: { opening.isClosed(by: uncommented($0)) })
                {
                    fence = opening
                    continue
                }
            }
            if index > start, CellMarker.isMarker(lines[index]) { return index }
        }
        return lines.count
    }

    /// The YAML between `-- ---` lines at the top, and the index of the line after it.
    private static func header(_ lines: [String]) -> (yaml: [String], next: Int) {
        var yaml: [String] = []
        var isStarted = false
        let start = lines.first?.hasPrefix("#!") == true ? 1 : 0
        for index in start..<max(start, lines.count) {
            guard lines[index].hasPrefix("--") else { break }
            let text = uncommented(lines[index])
            if text.hasPrefix("---"), text.dropFirst(3).allSatisfy(\.isWhitespace) {
                if isStarted { return (yaml, index + 1) }
                isStarted = true
            } else if isStarted {
                yaml.append(text)
            } else if !isBlank(text) {
                break
            }
        }
        return ([], start)
    }

    static func uncommented(_ line: String) -> String {
        line.hasPrefix("-- ") ? String(line.dropFirst(3)) : line.hasPrefix("--") ? String(line.dropFirst(2)) : line
    }

    static func isBlank(_ line: String) -> Bool { line.allSatisfy(\.isWhitespace) }
}

/// Follows quotes across lines as Jupytext does: only tripled quotes, which Lua gives no meaning, go on after a line's end.
private struct QuoteScanner {
    private var triple: UInt8?

    var isQuoted: Bool { triple != nil }

    mutating func read(_ line: String) {
        let bytes = Array(line.utf8)
        if triple == nil, line.drop(while: \.isWhitespace).hasPrefix("--") { return }
        var single: UInt8?
        var tripleStart = -1
        for (index, byte) in bytes.enumerated() {
            if single == nil, triple == nil, byte == UInt8(ascii: "-"), bytes[index...].starts(with: "--".utf8) {
                break
            }
            guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") else { continue }
            if index > 0, bytes[index - 1] == UInt8(ascii: "\\") { continue }
            if single == byte {
                single = nil
            } else if single != nil {
                continue
            } else if index >= 2, bytes[index - 1] == byte, bytes[index - 2] == byte, index >= tripleStart + 3 {
                if triple == byte {
                    triple = nil
                } else if triple == nil {
                    triple = byte
                } else {
                    continue
                }
                tripleStart = index
            } else if triple == nil {
                single = byte
            }
        }
    }
}

/// The opening line of a fenced code block (CommonMark 4.5) in prose, where percent signs may mean something else.
private struct CodeFence {
    let mark: Character
    let length: Int

    init?(_ line: String) {
        guard let (mark, length, info) = Self.split(line), mark == "~" || !info.contains("`") else { return nil }
        (self.mark, self.length) = (mark, length)
    }

    func isClosed(by line: String) -> Bool {
        guard let (mark, length, info) = Self.split(line) else { return false }
        return mark == self.mark && length >= self.length && info.allSatisfy(\.isWhitespace)
    }

    private static func split(_ line: String) -> (Character, Int, Substring)? {
        let text = line.drop { $0 == " " }
        guard line.count - text.count <= 3, let mark = text.first, mark == "`" || mark == "~" else { return nil }
        let length = text.prefix { $0 == mark }.count
        return length >= 3 ? (mark, length, text.dropFirst(length)) : nil
    }
}

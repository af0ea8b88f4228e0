/// Places in the text that ran, for people.
extension Execution {
    /// `cell 3 "Train", train.lua:17`, or `In[7], line 2`.
    func place(_ line: Int) -> String {
        guard let origin else { return "\(name), line \(line)" }
        return "\(name), \(origin.path):\(origin.firstLine + line - 1)"
    }

    /// A line and its neighbours, numbered as in the file, with carets under `marks`: ranges of the line's bytes.
    func excerpt(_ line: Int, marks: [Range<Int>] = [], view: NotebookView) -> [String] {
        let source = source.split(separator: "\n", omittingEmptySubsequences: false)
        guard source.indices.contains(line - 1) else { return [] }
        let offset = origin.map { $0.firstLine - 1 } ?? 0
        let shown = max(1, line - 1)...min(source.count, line + 1)
        let width = String(shown.upperBound + offset).count
        let carets = Self.carets(marks, under: String(source[line - 1]), width: view.width)
        let room = view.columns() - width - 5
        // Lines that are too long show the part with the marks.
        let mark = carets?.prefix { $0 != "^" }.count ?? 0
        let start = mark < room - 10 ? 0 : mark - room / 2
        var lines: [String] = []
        for number in shown {
            let label = String(number + offset)
            let padded = String(repeating: " ", count: width - label.count) + label
            let code = Self.part(String(source[number - 1]), from: start, columns: room, width: view.width)
            lines.append(view.paint("\(number == line ? "→" : " ") \(padded) │ \(code)", number == line ? .place : .dim))
            if number == line, let carets {
                let blank = "  " + String(repeating: " ", count: width)
                lines.append(view.paint(blank + " │ " + carets.dropFirst(start).prefix(room), .error))
            }
        }
        return lines
    }

    /// The columns of a line from `start` on, with an ellipsis at each end where something is missing.
    private static func part(_ line: String, from start: Int, columns: Int, width: (String) -> Int) -> String {
        let isWhole = start == 0 && width(line) <= columns
        guard !isWhole, columns > 2 else { return line }
        var text = start > 0 ? "…" : "", column = 0
        let end = start + columns
        let isCut = width(line) > end
        for character in line {
            let next = column + width(String(character))
            if column > start || start == 0, next <= (isCut ? end - 1 : end) { text.append(character) }
            column = next
        }
        return text + (isCut ? "…" : "")
    }

    /// Carets below the marked bytes; a tab stays one, so that both rows are as wide.
    private static func carets(_ marks: [Range<Int>], under line: String, width: (String) -> Int) -> String? {
        guard !marks.isEmpty else { return nil }
        var row = "", offset = 0
        for character in line {
            let isMarked = marks.contains { $0.contains(offset) }
            offset += character.utf8.count
            row +=
                character == "\t" && !isMarked
                ? "\t" : String(repeating: isMarked ? "^" : " ", count: character == "\t" ? 1 : width(String(character)))
        }
        while row.last?.isWhitespace == true { row.removeLast() }
        // The end of the text, where something is missing, lies after the last character.
        if row.isEmpty { row = String(repeating: " ", count: width(line)) + "^" }
        return row
    }
}

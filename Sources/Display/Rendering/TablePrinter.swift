/// Rows of text in aligned columns that fit the terminal.
public struct TablePrinter: Sendable {
    /// Where a cell's text stands in its column.
    public enum Alignment: Sendable { case left, right }

    /// The header of each column.
    public var columns: [String]
    /// The cells, row by row; missing cells are empty.
    public var rows: [[String]] = []
    /// The alignment of each column; a column without one is right-aligned when all its cells are numbers.
    public var alignments: [Alignment?] = []
    /// The greatest width in terminal columns.
    public var maxWidth = 100
    /// How many rows are shown; of more, the middle is left out.
    public var maxRows = 40
    /// How many rows of the middle the caller has left out.
    private var alreadyOmitted = 0

    /// A table of the given columns.
    public init(columns: [String], rows: [[String]] = [], maxWidth: Int = 100, maxRows: Int = 40) {
        (self.columns, self.rows, self.maxWidth, self.maxRows) = (columns, rows, maxWidth, maxRows)
    }

    /// A table's rows; what it has left out itself is counted.
    public init(_ table: DisplayTable, maxWidth: Int = 100, maxRows: Int = 40) {
        self.init(columns: table.columns, rows: table.rows, maxWidth: maxWidth, maxRows: maxRows)
        alreadyOmitted = table.omitted.count
    }

    /// The table as lines without a newline at the end.
    public func text(style: Style = .plain) -> String {
        guard !columns.isEmpty else { return "(no columns)" }
        let clean = rows.map { row in columns.indices.map { $0 < row.count ? Self.oneLine(row[$0]) : "" } }
        let widths = fittedWidths(clean)
        let alignment = columns.indices.map { column in
            (column < alignments.count ? alignments[column] : nil) ?? inferredAlignment(clean, column)
        }
        var lines = [
            style.paint(line(columns, widths, alignment), .bold),
            style.paint(widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "), .gray),
        ]
        if clean.count <= maxRows {
            lines += clean.map { line($0, widths, alignment) }
        } else {
            let head = (maxRows + 1) / 2
            let tail = maxRows - head
            lines += clean.prefix(head).map { line($0, widths, alignment) }
            lines.append(style.paint("… \(clean.count - maxRows + alreadyOmitted) more rows …", .gray))
            lines += clean.suffix(tail).map { line($0, widths, alignment) }
        }
        return lines.joined(separator: "\n")
    }

    private func line(_ cells: [String], _ widths: [Int], _ alignment: [Alignment]) -> String {
        var text = zip(cells, zip(widths, alignment)).map { cell, shape in
            let cut = DisplayWidth.truncated(cell, to: shape.0)
            return shape.1 == .left
                ? DisplayWidth.padded(cut, to: shape.0) : DisplayWidth.leftPadded(cut, to: shape.0)
        }.joined(separator: "  ")
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }

    private func inferredAlignment(_ rows: [[String]], _ column: Int) -> Alignment {
        let cells = rows.map { $0[column] }.filter { !$0.isEmpty }
        return !cells.isEmpty && cells.allSatisfy { Double($0.hasSuffix("%") ? String($0.dropLast()) : $0) != nil }
            ? .right : .left
    }

    /// Natural widths, the widest columns narrowed until the table fits.
    private func fittedWidths(_ rows: [[String]]) -> [Int] {
        var widths = columns.indices.map { column in
            rows.reduce(max(1, DisplayWidth.of(columns[column]))) { max($0, DisplayWidth.of($1[column])) }
        }
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - maxWidth
        while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > 4 {
            // Down to the next narrower column in one stride, so that text of many kilobytes costs no more than a word.
            let next = widths.filter { $0 < widths[widest] }.max() ?? 4
            let step = min(excess, max(1, widths[widest] - max(next, 4)))
            widths[widest] -= step
            excess -= step
        }
        return widths
    }

    private static func oneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
        return text.replacing("\r\n", with: "↵").replacing("\n", with: "↵").replacing("\t", with: " ")
    }
}

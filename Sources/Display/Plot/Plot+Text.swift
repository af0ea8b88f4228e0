extension Plot {
    static let colors: [Style.Attribute] = [.cyan, .yellow, .magenta, .green, .red, .blue]
    private static let letters: [Character] = ["*", "o", "+", "x", "#", "@"]

    /// The plot as lines of at most `width` columns, its canvas `height` lines high; without a newline at the end.
    public func text(width: Int = 72, height: Int = 12, marks: Marks = .braille, style: Style = .plain) -> String {
        var lines: [String] = []
        if !title.isEmpty { lines.append(style.paint(title, .bold)) }
        guard let axes else { return (lines + ["(no points to plot)"]).joined(separator: "\n") }

        // One value needs no room to move in.
        let height = axes.y.single == nil ? max(3, height) : 3
        let ticks = axes.y.ticks(max(2, height / 3))
        let ranges = (x: axes.x.range, y: axes.y.range)
        let labels = ticks.values.map(ticks.label)
        let margin = (labels.map { DisplayWidth.of($0) }.max() ?? 0) + 2
        let columns = max(10, width - margin)
        if !yLabel.isEmpty { lines.append(style.paint(yLabel, .gray)) }

        var rowLabels: [Int: String] = [:]
        for (value, label) in zip(ticks.values, labels) {
            rowLabels[Self.cell(value, ranges.y, count: height, isFlipped: true)] = label
        }
        let canvas = draw(columns, height, ranges, marks)
        let axis = marks == .braille ? AxisMarks.box : .ascii
        for row in 0..<height {
            let label = DisplayWidth.leftPadded(rowLabels[row] ?? "", to: margin - 2)
            let edge = rowLabels[row] == nil ? axis.plain : axis.tick
            lines.append(trimmed(style.paint("\(label) \(edge)", .gray) + canvas.text(row, style)))
        }
        lines += xAxis(columns, margin, axes.x, axis).map { style.paint($0, .gray) }
        if !xLabel.isEmpty { lines.append(style.paint(String(repeating: " ", count: margin) + xLabel, .gray)) }
        let names = series.indices.filter { !series[$0].name.isEmpty }
        if !names.isEmpty {
            let legend = names.map { index in
                let mark = marks == .braille ? "⣀⣀" : String(Self.letters[index % Self.letters.count])
                // Without colours, braille curves differ by order only, so the legend numbers them.
                let number = marks == .braille && !style.isEnabled && names.count > 1 ? "\(index + 1)." : mark
                return style.paint(number, Self.colors[index % Self.colors.count]) + " " + series[index].name
            }
            lines.append(String(repeating: " ", count: margin) + legend.joined(separator: "   "))
        }
        return lines.joined(separator: "\n")
    }

    private func draw(
        _ columns: Int, _ rows: Int, _ ranges: (x: ClosedRange<Double>, y: ClosedRange<Double>), _ marks: Marks
    ) -> PlotCanvas {
        var canvas = PlotCanvas(columns: columns, rows: rows, marks: marks)
        for (index, curve) in series.enumerated() {
            canvas.begin(Self.letters[index % Self.letters.count], Self.colors[index % Self.colors.count])
            for segment in curve.segments {
                let dots = segment.map { point in
                    (
                        x: Self.cell(point.x, ranges.x, count: canvas.dotColumns, isFlipped: false),
                        y: Self.cell(point.y, ranges.y, count: canvas.dotRows, isFlipped: true)
                    )
                }
                if dots.count == 1 { canvas.set(dots[0].x, dots[0].y) }
                for (from, to) in zip(dots, dots.dropFirst()) { canvas.line(from, to) }
            }
        }
        return canvas
    }

    private func xAxis(
        _ columns: Int, _ margin: Int, _ scale: Axis, _ marks: AxisMarks
    ) -> [String] {
        let ticks = scale.ticks(max(2, columns / 10))
        var axis = [String](repeating: marks.line, count: columns)
        var labels = [Character](repeating: " ", count: columns + margin)
        var free = 0
        for value in ticks.values {
            let column = Self.cell(value, scale.range, count: columns, isFlipped: false)
            let label = ticks.label(value)
            let start = min(max(margin + column - label.count / 2, 0), labels.count - label.count)
            guard start >= free else { continue }
            axis[column] = marks.down
            labels.replaceSubrange(start..<start + label.count, with: label)
            free = start + label.count + 1
        }
        let indent = String(repeating: " ", count: margin - 1)
        return [indent + marks.corner + axis.joined(), trimmed(String(labels))]
    }

    /// The cell of a value when its range is divided into `count` cells whose centres lie on the ends.
    private static func cell(_ value: Double, _ range: ClosedRange<Double>, count: Int, isFlipped: Bool) -> Int {
        let fraction = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
        let index = Int((fraction * Double(count - 1)).rounded())
        let inside = min(max(index, 0), count - 1)
        return isFlipped ? count - 1 - inside : inside
    }

    private func trimmed(_ text: String) -> String {
        String(text.reversed().drop { $0 == " " }.reversed())
    }
}

/// What the axes are drawn with.
private struct AxisMarks {
    let plain: String
    let tick: String
    let corner: String
    let line: String
    let down: String

    static let box = AxisMarks(plain: "│", tick: "┤", corner: "└", line: "─", down: "┬")
    static let ascii = AxisMarks(plain: "|", tick: "+", corner: "+", line: "-", down: "+")
}

/// Dots of several curves on a grid of characters.
private struct PlotCanvas {
    let columns: Int
    let rows: Int
    let marks: Plot.Marks
    private var bits: [UInt8]
    private var letters: [Character?]
    private var colors: [Style.Attribute?]
    private var letter: Character = "*"
    private var color = Style.Attribute.cyan

    init(columns: Int, rows: Int, marks: Plot.Marks) {
        (self.columns, self.rows, self.marks) = (columns, rows, marks)
        bits = Array(repeating: 0, count: columns * rows)
        letters = Array(repeating: nil, count: columns * rows)
        colors = Array(repeating: nil, count: columns * rows)
    }

    var dotColumns: Int { marks == .braille ? columns * 2 : columns }
    var dotRows: Int { marks == .braille ? rows * 4 : rows }

    mutating func begin(_ letter: Character, _ color: Style.Attribute) {
        (self.letter, self.color) = (letter, color)
    }

    mutating func set(_ x: Int, _ y: Int) {
        let cell = marks == .braille ? (y / 4) * columns + x / 2 : y * columns + x
        // The dot numbers of Unicode's braille patterns, by row and column.
        if marks == .braille {
            bits[cell] |= [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]][y % 4][x % 2]
        }
        letters[cell] = letter
        colors[cell] = color
    }

    /// Bresenham's line.
    mutating func line(_ from: (x: Int, y: Int), _ to: (x: Int, y: Int)) {
        var (x, y) = from
        let (dx, dy) = (abs(to.x - x), -abs(to.y - y))
        var error = dx + dy
        while true {
            set(x, y)
            if (x, y) == to { return }
            let twice = 2 * error
            if twice >= dy {
                error += dy
                x += x < to.x ? 1 : -1
            }
            if twice <= dx {
                error += dx
                y += y < to.y ? 1 : -1
            }
        }
    }

    func text(_ row: Int, _ style: Style) -> String {
        (0..<columns).map { column in
            let cell = row * columns + column
            guard let letter = letters[cell], let color = colors[cell] else { return " " }
            let mark = marks == .ascii ? letter : Character(Unicode.Scalar(0x2800 + UInt32(bits[cell])) ?? " ")
            return style.paint(String(mark), color)
        }.joined()
    }
}

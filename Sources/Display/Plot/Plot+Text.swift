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
        let labels = ticks.values.map(ticks.label)
        let margin = (labels.map { DisplayWidth.of($0) }.max() ?? 0) + 2
        let columns = max(10, width - margin)
        if !yLabel.isEmpty { lines.append(style.paint(yLabel, .gray)) }

        var rowLabels: [Int: String] = [:]
        for (value, label) in zip(ticks.values, labels) {
            rowLabels[Self.cell(value, axes.y, count: height, isFlipped: true)] = label
        }
        let canvas = draw(columns, height, axes, marks)
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

    private func draw(_ columns: Int, _ rows: Int, _ axes: (x: Axis, y: Axis), _ marks: Marks) -> PlotCanvas {
        var canvas = PlotCanvas(columns: columns, rows: rows, marks: marks)
        func dot(_ point: (x: Double, y: Double)) -> (x: Int, y: Int) {
            (
                Self.cell(point.x, axes.x, count: canvas.dotColumns, isFlipped: false),
                Self.cell(point.y, axes.y, count: canvas.dotRows, isFlipped: true)
            )
        }
        for (index, curve) in drawn {
            let color = curve.isFaint ? .gray : Self.colors[index % Self.colors.count]
            canvas.begin(curve.isFaint ? "." : Self.letters[index % Self.letters.count], color)
            for segment in segments(of: curve) {
                switch curve.kind {
                case .bars:
                    let half = curve.barWidth / 2
                    // Filled bars would hide each other.
                    if series.count > 1 {
                        let steps = segment.flatMap { [dot(($0.x - half, $0.y)), dot(($0.x + half, $0.y))] }
                        for (from, to) in zip(steps, steps.dropFirst()) { canvas.line(from, to) }
                        continue
                    }
                    for point in segment where point.y != 0 {
                        let (left, right) = (dot((point.x - half, point.y)), dot((point.x + half, yScale == .log ? point.y : 0)))
                        let bottom = yScale == .log ? canvas.dotRows - 1 : right.y
                        // A gap of one dot parts neighbours.
                        for x in left.x..<max(left.x + 1, right.x) {
                            for y in min(left.y, bottom)...max(left.y, bottom) { canvas.set(x, y) }
                        }
                    }
                case .scatter: for place in segment.map(dot) { canvas.set(place.x, place.y) }
                case .line:
                    let dots = segment.map(dot)
                    if dots.count == 1 { canvas.set(dots[0].x, dots[0].y) }
                    for (from, to) in zip(dots, dots.dropFirst()) { canvas.line(from, to) }
                }
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
            let column = Self.cell(value, scale, count: columns, isFlipped: false)
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

    /// The cell of a value when its axis is divided into `count` cells whose centres lie on the ends.
    private static func cell(_ value: Double, _ axis: Axis, count: Int, isFlipped: Bool) -> Int {
        let index = Int((min(max(axis.fraction(value), 0), 1) * Double(count - 1)).rounded())
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

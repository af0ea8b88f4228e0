import Glibc

extension Tensor {
    /// This tensor for people: its elements, or the first and last three of each axis, in aligned columns, and a footer such as
    /// `f32 [2×1024×896] 7.0 MiB  min -3.1  mean 0.002  max 2.9  nan 0`. At most 24 lines; matrices of a larger tensor are
    /// headed by their indices, counted from 1 as in Lua.
    public func summary(width: Int = 80) -> String {
        if rank == 0 {
            let digits = NumberText.significant(doubles[0])
            return "\(dtype == .int64 ? String(ints[0]) : digits)  \(dtype.abbreviation) scalar\(gradientNote)"
        }
        let format = SummaryFormat(of: self)
        var lines = format.header.map { [$0] } ?? []
        if count > 0 {
            lines +=
                rank == 1
                ? matrixLines(at: 0, rows: 1, columns: count, format, width: width)
                : rank == 2
                    ? matrixLines(at: 0, rows: shape[0], columns: shape[1], format, width: width)
                    : blockLines(format, width: width)
        }
        lines.append(footer)
        return lines.joined(separator: "\n")
    }

    /// Derivatives keep a whole computation in memory, so it should be seen.
    private var gradientNote: String { requiresGradient ? "  with gradient" : "" }

    private var footer: String {
        let values = doubles
        let head = "\(dtype.abbreviation) \(shape.shapeText) \(NumberText.bytes(byteCount))\(gradientNote)"
        let numbers = values.filter { !$0.isNaN }
        let invalid = values.count - numbers.count
        guard let low = numbers.min(), let high = numbers.max() else { return head + "  nan \(invalid)" }
        let mean = numbers.reduce(0, +) / Double(numbers.count)
        let range = "  min \(NumberText.short(low))  mean \(NumberText.short(mean))  max \(NumberText.short(high))"
        return head + range + (dtype.isFloatingPoint ? "  nan \(invalid)" : "")
    }

    /// The matrices of a tensor of three or more axes: as many of the first and last as 22 lines hold.
    private func blockLines(_ format: SummaryFormat, width: Int) -> [String] {
        let (rows, columns) = (shape[rank - 2], shape[rank - 1])
        let outer = Array(shape.dropLast(2))
        let blocks = outer.reduce(1, *)
        let linesPerBlock = 1 + SummaryFormat.shown(rows, atMost: 6).count
        let fitting = Swift.max(1, (format.header == nil ? 22 : 21) / linesPerBlock)
        return SummaryFormat.shown(blocks, atMost: Swift.min(6, fitting)).flatMap { block -> [String] in
            guard let block else { return ["⋮"] }
            var rest = block
            var indices: [Int] = []
            for extent in outer.reversed() {
                indices.insert(rest % extent + 1, at: 0)
                rest /= extent
            }
            let label = "(" + indices.map { "\($0), " }.joined() + ":, :)"
            return [label]
                + matrixLines(at: block * rows * columns, rows: rows, columns: columns, format, width: width)
        }
    }

    private func matrixLines(at start: Int, rows: Int, columns: Int, _ format: SummaryFormat, width: Int) -> [String] {
        let shownRows = SummaryFormat.shown(rows, atMost: 6)
        // A row of a few numbers is shown in full if it fits; otherwise its ends are, and fewer of them on a narrow terminal.
        for limit in [16, 6, 4, 2] {
            let lines = tableLines(
                shownRows, SummaryFormat.shown(columns, atMost: limit), at: start, columns: columns, format)
            if limit == 2 || lines.allSatisfy({ $0.count <= width }) { return lines }
        }
        return []
    }

    private func tableLines(
        _ rows: [Int?], _ shown: [Int?], at start: Int, columns: Int, _ format: SummaryFormat
    ) -> [String] {
        let values = format.values
        let cells = rows.map { row in
            shown.map { column in
                guard let row else { return column == nil ? "⋱" : "⋮" }
                return column.map { format.text(values[start + row * columns + $0]) } ?? "…"
            }
        }
        let widths = shown.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            zip(row, widths).map { "  " + String(repeating: " ", count: $1 - $0.count) + $0 }.joined()
        }
    }
}

/// How the numbers of one summary are written: alike, and with one scale factor if they are all tiny or some are huge.
private struct SummaryFormat {
    let values: [Double]
    private let scale: Double
    private let decimals: Int
    /// The line that names the scale factor, if there is one.
    let header: String?

    init(of tensor: Tensor) {
        values = tensor.doubles
        let finite = values.lazy.filter(\.isFinite)
        let largest = finite.map { abs($0) }.max() ?? 0
        if finite.allSatisfy({ $0.rounded() == $0 }), largest < 1e15 {
            (scale, decimals, header) = (1, 0, nil)
        } else if largest >= 1e5 || largest < 1e-3 {
            let exponent = Int(log10(largest).rounded(.down))
            (scale, decimals, header) = (pow(10, Double(exponent)), 4, "1e\(exponent) ×")
        } else {
            (scale, decimals, header) = (1, 4, nil)
        }
    }

    func text(_ value: Double) -> String { NumberText.fixed(value / scale, decimals: decimals) }

    /// The indices to show of an axis, nil standing for those left out; one that would save nothing is not left out.
    static func shown(_ extent: Int, atMost limit: Int) -> [Int?] {
        guard extent > limit else { return Array(0..<extent) }
        let tail = limit / 2
        return Array(0..<limit - tail) + [nil] + Array(extent - tail..<extent)
    }
}

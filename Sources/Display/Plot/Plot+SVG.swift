internal import Foundation

extension Plot {
    private static let svgColors = ["#0072b2", "#e69f00", "#cc79a7", "#009e73", "#d55e00", "#56b4e9"]

    /// The plot as an SVG document of the given size in pixels.
    public func svg(width: Int = 640, height: Int = 400) -> String {
        let frame = (left: 64.0, top: 40.0, right: Double(width) - 16, bottom: Double(height) - 56)
        var body: [String] = []
        func text(_ x: Double, _ y: Double, _ string: String, anchor: String = "middle", size: Int = 12) {
            body.append(
                "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" text-anchor=\"\(anchor)\" "
                    + "font-size=\"\(size)\">\(Self.escaped(string))</text>")
        }
        let middle = (frame.left + frame.right) / 2
        if !title.isEmpty { text(middle, 20, title, size: 15) }
        if !xLabel.isEmpty { text(middle, frame.bottom + 36, xLabel) }
        if !yLabel.isEmpty { text(frame.left, frame.top - 6, yLabel, anchor: "start") }
        if let axes {
            func x(_ value: Double) -> Double { Self.place(value, axes.x.range, frame.left, frame.right) }
            func y(_ value: Double) -> Double { Self.place(value, axes.y.range, frame.bottom, frame.top) }
            let xTicks = axes.x.ticks(8)
            let yTicks = axes.y.ticks(6)
            for value in yTicks.values {
                body.append(Self.gridLine(frame.left, y(value), frame.right, y(value)))
                text(frame.left - 6, y(value) + 4, yTicks.label(value), anchor: "end")
            }
            for value in xTicks.values {
                body.append(Self.gridLine(x(value), frame.top, x(value), frame.bottom))
                text(x(value), frame.bottom + 18, xTicks.label(value))
            }
            for (index, curve) in series.enumerated() {
                let color = Self.svgColors[index % Self.svgColors.count]
                for segment in curve.segments {
                    let points = segment.map { "\(Self.number(x($0.x))),\(Self.number(y($0.y)))" }
                    if let point = segment.first, segment.count == 1 {
                        body.append(
                            "<circle cx=\"\(Self.number(x(point.x)))\" cy=\"\(Self.number(y(point.y)))\" r=\"2.5\" "
                                + "fill=\"\(color)\"/>")
                    } else {
                        body.append(
                            "<polyline fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.8\" "
                                + "points=\"\(points.joined(separator: " "))\"/>")
                    }
                }
                guard !curve.name.isEmpty else { continue }
                let top = frame.top + 14 + 16 * Double(index)
                body.append(
                    "<rect x=\"\(Self.number(frame.right - 14))\" y=\"\(Self.number(top - 8))\" width=\"10\" "
                        + "height=\"4\" fill=\"\(color)\"/>")
                text(frame.right - 18, top, curve.name, anchor: "end")
            }
        } else {
            text(middle, Double(height) / 2, "no points to plot")
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
            viewBox="0 0 \(width) \(height)" font-family="sans-serif">
            <rect width="\(width)" height="\(height)" fill="white"/>
            \(body.joined(separator: "\n"))
            </svg>

            """
    }

    private static func gridLine(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" stroke=\"#dddddd\"/>"
    }

    private static func place(_ value: Double, _ range: ClosedRange<Double>, _ low: Double, _ high: Double) -> Double {
        low + (value - range.lowerBound) / (range.upperBound - range.lowerBound) * (high - low)
    }

    private static func number(_ value: Double) -> String { String(format: "%.2f", value) }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}

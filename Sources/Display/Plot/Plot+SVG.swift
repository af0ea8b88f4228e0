internal import Foundation

extension Plot {
    /// Whose colours a picture has.
    public enum Theme: Sendable {
        /// Its own, on white: for a file.
        case own
        /// Those of the page that it stands in, by the variables `--plot-text`, `--plot-faint`, `--plot-grid`, `--plot-1` … `--plot-6`.
        case page
    }

    /// The colours of series: told apart also by those who do not see all colours (Okabe and Ito).
    static let seriesColors: [UInt32] = [0x0072B2, 0xE07B00, 0x009E73, 0xCC5F9E, 0xD55E00, 0x3E9FDB]

    /// The plot as an SVG document of the given size in pixels; its points tell their values where a pointer rests on them.
    public func svg(width: Int = 640, height: Int = 400, theme: Theme = .own) -> String {
        let scene = PlotScene(self, width: Double(width), height: Double(height))
        let body = scene.shapes.map { Self.element($0, theme) }.joined(separator: "\n")
        let background = theme == .own ? "<rect width=\"\(width)\" height=\"\(height)\" fill=\"#ffffff\"/>\n" : ""
        let label = title.isEmpty ? series.map(\.name).joined(separator: ", ") : title
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
            role="img" aria-label="\(HTMLText.escaped(label))" style="max-width:100%;height:auto" \
            font-family="system-ui, 'Helvetica Neue', Arial, sans-serif">
            \(background)\(body)
            </svg>

            """
    }

    private static func element(_ shape: PlotScene.Shape, _ theme: Theme) -> String {
        switch shape {
        case .polyline(let points, let ink, let width):
            let places = points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
            let opacity = ink.isFaint ? " stroke-opacity=\"0.3\"" : ""
            return "<polyline fill=\"none\" \(paint("stroke", ink, theme))\(opacity) stroke-width=\"\(number(width))\" "
                + "stroke-linejoin=\"round\" stroke-linecap=\"round\" points=\"\(places)\"/>"
        case .dot(let place, let radius, let ink, let label):
            return "<circle cx=\"\(number(place.x))\" cy=\"\(number(place.y))\" r=\"\(number(radius))\" "
                + "\(paint("fill", ink, theme))><title>\(HTMLText.escaped(label))</title></circle>"
        case .box(let place, let width, let height, let ink, let opacity, let label):
            return "<rect x=\"\(number(place.x))\" y=\"\(number(place.y))\" width=\"\(number(width))\" "
                + "height=\"\(number(height))\" \(paint("fill", ink, theme)) fill-opacity=\"\(opacity)\">"
                + "<title>\(HTMLText.escaped(label))</title></rect>"
        case .text(let place, let text, let size, let ink, let anchor, let isBold):
            let weight = isBold ? " font-weight=\"600\"" : ""
            return "<text x=\"\(number(place.x))\" y=\"\(number(place.y))\" text-anchor=\"\(anchor)\" "
                + "font-size=\"\(number(size))\"\(weight) \(paint("fill", ink, theme))>\(HTMLText.escaped(text))</text>"
        }
    }

    private static func paint(_ attribute: String, _ ink: PlotScene.Ink, _ theme: Theme) -> String {
        switch theme {
        case .own: "\(attribute)=\"\(String(format: "#%06x", ink.color))\""
        case .page: "style=\"\(attribute):var(--plot-\(ink.variable))\""
        }
    }

    private static func number(_ value: Double) -> String {
        let text = String(format: "%.2f", value)
        return text.hasSuffix(".00") ? String(text.dropLast(3)) : text
    }
}

extension PlotScene.Ink {
    var isFaint: Bool { if case .series(_, true) = self { true } else { false } }

    /// Red, green and blue on white.
    var color: UInt32 {
        switch self {
        case .text: 0x24292F
        case .faintText: 0x6B7280
        case .grid: 0xE5E7EB
        case .series(let index, _): Plot.seriesColors[index % Plot.seriesColors.count]
        }
    }

    fileprivate var variable: String {
        switch self {
        case .text: "text"
        case .faintText: "faint"
        case .grid: "grid"
        case .series(let index, _): String(index % Plot.seriesColors.count + 1)
        }
    }
}

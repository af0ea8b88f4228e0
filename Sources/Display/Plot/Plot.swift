public import Foundation

/// A line plot of one or several series, for the terminal or as an SVG file.
public struct Plot: Sendable {
    /// A named curve.
    public struct Series: Sendable {
        /// The name in the legend.
        public var name: String
        /// The abscissas; as many as there are `y`.
        public var x: [Double]
        /// The ordinates; `nil` and non-finite values are gaps in the curve.
        public var y: [Double?]

        /// A curve over given abscissas, or over 1, 2, 3 …
        public init(_ name: String = "", x: [Double]? = nil, y: [Double?]) {
            self.name = name
            let count = min(x?.count ?? y.count, y.count)
            self.x = x.map { Array($0.prefix(count)) } ?? (0..<count).map { Double($0 + 1) }
            self.y = y.prefix(count).map { value in value.flatMap { $0.isFinite ? $0 : nil } }
        }

        /// The curve's unbroken parts.
        var segments: [[(x: Double, y: Double)]] {
            var result: [[(x: Double, y: Double)]] = [[]]
            for (x, y) in zip(x, y) {
                if let y, x.isFinite {
                    result[result.count - 1].append((x, y))
                } else if result.last?.isEmpty == false {
                    result.append([])
                }
            }
            return result.filter { !$0.isEmpty }
        }
    }

    /// What curves are drawn with.
    public enum Marks: Sendable {
        /// Two by four dots in a character.
        case braille
        /// One letter in a character, another for each series.
        case ascii
    }

    /// How large a plot is in a terminal.
    public struct Screen: Sendable, Equatable {
        /// The greatest width in characters.
        public var columns = 72
        /// The height of the canvas in lines.
        public var rows = 12
        /// What curves are drawn with.
        public var marks = Marks.braille

        /// The usual size.
        public init() {}
    }

    /// The text above the plot.
    public var title: String
    /// The text below the horizontal axis.
    public var xLabel: String
    /// The text above the vertical axis.
    public var yLabel: String
    /// The curves.
    public var series: [Series]
    /// How large it is in a terminal.
    public var screen = Screen()

    /// A plot of the given curves.
    public init(series: [Series], title: String = "", xLabel: String = "", yLabel: String = "") {
        (self.series, self.title, self.xLabel, self.yLabel) = (series, title, xLabel, yLabel)
    }

    /// Writes the plot as an SVG image.
    public func writeSVG(to file: URL) throws {
        try Data(svg().utf8).write(to: file, options: .atomic)
    }

    /// Both axes, or nil when there is no point.
    var axes: (x: Axis, y: Axis)? {
        let points = series.flatMap(\.segments).joined()
        guard let x = Axis(points.map(\.x), counts: true), let y = Axis(points.map(\.y)) else { return nil }
        return (x, y)
    }
}

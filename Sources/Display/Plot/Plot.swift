internal import Foundation

/// Lines, points or bars over two axes: for the terminal, and as a picture.
public struct Plot: Sendable {
    /// How a series is drawn.
    public enum Kind: String, Sendable, CaseIterable {
        /// Points joined by lines.
        case line
        /// Points alone.
        case scatter
        /// Bars that stand on zero and touch each other.
        case bars
    }

    /// A named series.
    public struct Series: Sendable {
        /// The name in the legend.
        public var name: String
        /// The abscissas; as many as there are `y`.
        public var x: [Double]
        /// The ordinates; `nil` and non-finite values are gaps in a curve.
        public var y: [Double?]
        /// How it is drawn.
        public var kind: Kind
        /// Whether it only stands behind another, smoothed one.
        var isFaint = false

        /// A series over given abscissas, or over 1, 2, 3 …
        public init(_ name: String = "", x: [Double]? = nil, y: [Double?], kind: Kind = .line) {
            self.name = name
            self.kind = kind
            let count = min(x?.count ?? y.count, y.count)
            self.x = x.map { Array($0.prefix(count)) } ?? (0..<count).map { Double($0 + 1) }
            self.y = y.prefix(count).map { value in value.flatMap { $0.isFinite ? $0 : nil } }
        }
    }

    /// What curves are drawn with in a terminal.
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

    /// How values become places along an axis.
    public enum Scale: String, Sendable, CaseIterable {
        /// Equal steps are equal differences.
        case linear
        /// Equal steps are equal factors; values that are not positive have no place.
        case log
    }

    /// The text above the plot.
    public var title: String
    /// The text below the horizontal axis.
    public var xLabel: String
    /// The text above the vertical axis.
    public var yLabel: String
    /// The series.
    public var series: [Series]
    /// The horizontal axis's scale.
    public var xScale = Scale.linear
    /// The vertical axis's scale.
    public var yScale = Scale.linear
    /// How strongly lines are smoothed, from 0 to below 1: the weight of the past in an exponential average. The values themselves
    /// then stand faintly behind.
    public var smoothing = 0.0
    /// How large it is in a terminal.
    public var screen = Screen()

    /// A plot of the given series.
    public init(series: [Series], title: String = "", xLabel: String = "", yLabel: String = "") {
        (self.series, self.title, self.xLabel, self.yLabel) = (series, title, xLabel, yLabel)
    }

    /// How often values fall into intervals of equal length. Without a number of `bins`, Sturges' rule gives it.
    public static func histogram(_ samples: [(name: String, values: [Double])], bins: Int? = nil) -> Plot {
        let finite = samples.map { ($0.name, $0.values.filter(\.isFinite)) }
        let all = finite.flatMap(\.1)
        guard let low = all.min(), let high = all.max() else { return Plot(series: []) }
        let count = bins ?? max(5, Int(log2(Double(all.count)).rounded(.up)) + 1)
        let width = low < high ? (high - low) / Double(count) : 1
        let start = low < high ? low : low - 0.5 * Double(count)
        let centres = (0..<count).map { start + (Double($0) + 0.5) * width }
        return Plot(
            series: finite.map { name, values in
                var counts = [Double](repeating: 0, count: count)
                for value in values { counts[min(count - 1, max(0, Int((value - start) / width)))] += 1 }
                return Series(name, x: centres, y: counts, kind: .bars)
            }, yLabel: "count")
    }

    // MARK: What is drawn

    /// The series in the order of drawing; where lines are smoothed, each stands in front of its own values.
    var drawn: [(index: Int, series: Series)] {
        series.enumerated().flatMap { index, series -> [(index: Int, series: Series)] in
            guard smoothing > 0, series.kind == .line else { return [(index, series)] }
            var faint = series
            faint.isFaint = true
            var smooth = series
            smooth.y = Self.smoothed(series.y, smoothing)
            return [(index, faint), (index, smooth)]
        }
    }

    /// An exponential average that does not lean towards zero at the start, as TensorBoard's.
    private static func smoothed(_ values: [Double?], _ weight: Double) -> [Double?] {
        var sum = 0.0
        var total = 0.0
        return values.map { value in
            guard let value else { return nil }
            sum = weight * sum + (1 - weight) * value
            total = weight * total + (1 - weight)
            return sum / total
        }
    }

    /// Both axes, or nil when there is no point.
    var axes: (x: Axis, y: Axis)? {
        var xs: [Double] = []
        var ys: [Double] = []
        for series in series {
            let places = segments(of: series).flatMap { $0 }
            xs += places.map { $0.x }
            ys += places.map { $0.y }
            // Bars reach half a width beyond their middles and down to zero.
            guard series.kind == .bars, !places.isEmpty else { continue }
            xs += places.flatMap { [$0.x - series.barWidth / 2, $0.x + series.barWidth / 2] }
            if yScale == .linear { ys.append(0) }
        }
        let hasBars = series.contains { $0.kind == .bars }
        guard let x = Axis(xs, scale: xScale, counts: !hasBars), let y = Axis(ys, scale: yScale) else { return nil }
        return (x, y)
    }

    /// A series' unbroken parts, without the points that have no place on an axis.
    func segments(of series: Series) -> [[(x: Double, y: Double)]] {
        var result: [[(x: Double, y: Double)]] = [[]]
        for (x, y) in zip(series.x, series.y) {
            if let y, x.isFinite, xScale == .linear || x > 0, yScale == .linear || y > 0 {
                result[result.count - 1].append((x, y))
            } else if result.last?.isEmpty == false {
                result.append([])
            }
        }
        return result.filter { !$0.isEmpty }
    }
}

extension Plot.Series {
    /// The width of a bar in units of x.
    var barWidth: Double { x.count > 1 ? abs(x[1] - x[0]) : 1 }
}

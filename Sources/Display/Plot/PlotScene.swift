/// A plot as shapes with places in pixels: what SVG and PNG are made of.
struct PlotScene {
    /// What a shape is, for its colour.
    enum Ink: Equatable {
        case text, faintText, grid
        /// One of the series' colours, faint where a smoothed curve stands in front.
        case series(Int, isFaint: Bool)
    }

    /// Where a text's place is in it.
    enum Anchor { case start, middle, end }

    typealias Point = (x: Double, y: Double)

    enum Shape {
        case polyline([Point], Ink, width: Double)
        /// `label` says what the point stands for.
        case dot(Point, radius: Double, Ink, label: String)
        case box(Point, width: Double, height: Double, Ink, opacity: Double, label: String)
        case text(Point, String, size: Double, Ink, Anchor, isBold: Bool)
    }

    let width: Double
    let height: Double
    private(set) var shapes: [Shape] = []

    /// The plot in a frame of pixels; texts get as much room as they need.
    init(_ plot: Plot, width: Double, height: Double) {
        (self.width, self.height) = (width, height)
        let legend = plot.series.enumerated().filter { !$0.element.name.isEmpty }
        var top = 14.0
        if !plot.title.isEmpty {
            text((16, top + 10), plot.title, size: 15, .text, .start, isBold: true)
            top += 26
        }
        if plot.series.count > 1 || legend.contains(where: { $0.element.name != plot.title }) {
            top = addLegend(legend.map { ($0.offset, $0.element.name) }, top: top)
        }
        guard let axes = plot.axes else {
            text((width / 2, height / 2), "no points to plot", size: 13, .faintText, .middle)
            return
        }
        if !plot.yLabel.isEmpty {
            text((16, top + 8), plot.yLabel, size: 12, .faintText, .start)
            top += 16
        }
        let yTicks = axes.y.ticks(6)
        let labelWidth = yTicks.values.map { StrokeFont.width(yTicks.label($0), size: 12) }.max() ?? 0
        let frame = Frame(
            left: 16 + labelWidth + 8, top: top + 8, right: width - 20, bottom: height - (plot.xLabel.isEmpty ? 32 : 48), axes: axes)
        add(axes, frame, yTicks)
        if !plot.xLabel.isEmpty { text((frame.right, height - 12), plot.xLabel, size: 12, .faintText, .end) }
        for (index, series) in plot.drawn { add(series, index, plot, frame) }
    }

    private struct Frame {
        var left: Double
        var top: Double
        var right: Double
        var bottom: Double
        var axes: (x: Axis, y: Axis)

        func x(_ value: Double) -> Double { left + axes.x.fraction(value) * (right - left) }
        func y(_ value: Double) -> Double { bottom - axes.y.fraction(value) * (bottom - top) }
        func place(_ point: Point) -> Point { (x(point.x), y(point.y)) }
    }

    // MARK: Parts

    private mutating func text(_ place: Point, _ text: String, size: Double, _ ink: Ink, _ anchor: Anchor, isBold: Bool = false) {
        shapes.append(.text(place, text, size: size, ink, anchor, isBold: isBold))
    }

    /// The series' names in rows; gives the place below them.
    private mutating func addLegend(_ names: [(index: Int, name: String)], top: Double) -> Double {
        var x = 16.0
        var y = top + 6
        for (index, name) in names {
            let needed = 20 + StrokeFont.width(name, size: 12) + 18
            if x > 16, x + needed > width - 10 { (x, y) = (16, y + 18) }
            shapes.append(.polyline([(x, y), (x + 13, y)], .series(index, isFaint: false), width: 3.5))
            text((x + 19, y + 4), name, size: 12, .text, .start)
            x += needed
        }
        return names.isEmpty ? top : y + 16
    }

    private mutating func add(_ axes: (x: Axis, y: Axis), _ frame: Frame, _ yTicks: AxisTicks) {
        for value in yTicks.values {
            shapes.append(.polyline([(frame.left, frame.y(value)), (frame.right, frame.y(value))], .grid, width: 1))
            text((frame.left - 8, frame.y(value) + 4), yTicks.label(value), size: 12, .faintText, .end)
        }
        let xTicks = axes.x.ticks(max(3, Int((frame.right - frame.left) / 80)))
        var free = -Double.infinity
        for value in xTicks.values {
            let label = xTicks.label(value)
            let half = StrokeFont.width(label, size: 12) / 2
            let x = frame.x(value)
            shapes.append(.polyline([(x, frame.bottom), (x, frame.bottom + 4)], .grid, width: 1))
            guard x - half > free else { continue }
            text((x, frame.bottom + 18), label, size: 12, .faintText, .middle)
            free = x + half + 6
        }
        shapes.append(.polyline([(frame.left, frame.bottom), (frame.right, frame.bottom)], .faintText, width: 1))
    }

    private mutating func add(_ series: Plot.Series, _ index: Int, _ plot: Plot, _ frame: Frame) {
        let ink = Ink.series(index, isFaint: series.isFaint)
        func label(_ point: Point) -> String {
            (series.name.isEmpty ? "" : series.name + "  ") + "\(point.x.shortText): \(point.y.shortText)"
        }
        for segment in plot.segments(of: series) {
            switch series.kind {
            case .bars:
                let overlay = plot.series.count > 1 ? 0.55 : 0.85
                for point in segment where point.y != 0 {
                    let left = frame.x(point.x - series.barWidth / 2) + 0.75
                    let right = frame.x(point.x + series.barWidth / 2) - 0.75
                    let base = plot.yScale == .log ? frame.bottom : frame.y(0)
                    let y = frame.y(point.y)
                    shapes.append(
                        .box(
                            (left, min(y, base)), width: max(1, right - left), height: abs(base - y), ink, opacity: overlay,
                            label: label(point)))
                }
            case .scatter:
                for point in segment { shapes.append(.dot(frame.place(point), radius: 3, ink, label: label(point))) }
            case .line:
                if segment.count > 1 { shapes.append(.polyline(segment.map(frame.place), ink, width: 2)) }
                // Few points deserve to be seen as such.
                guard !series.isFaint, segment.count == 1 || series.x.count <= 40 else { continue }
                for point in segment { shapes.append(.dot(frame.place(point), radius: 2.75, ink, label: label(point))) }
            }
        }
    }
}

import Display
import LuaRuntime

/// What `plot` and `run:plot` have in common: texts, scales, smoothing, size and file.
struct PlotOptions {
    static let parameter = ParameterDoc(
        "options", "table", default: "{}",
        "title, x_label, y_label: string; x_scale, y_scale: 'linear' or 'log'; smooth: number from 0 to 0.99, the weight of the past "
            + "in a running average; file: string, an .svg or .png file; width, height: integer, in characters; ascii: boolean, for "
            + "terminals without braille")

    private let title: String
    private let labels: (x: String, y: String?)
    private let scales: (x: Plot.Scale, y: Plot.Scale)
    private let smoothing: Double
    private let screen: Plot.Screen
    /// The file to write as well, if any.
    let file: String?

    /// Takes its options out of a table; the caller may read others and finishes.
    init(_ options: inout OptionReader, title: String = "", xLabel: String = "") throws(LuaError) {
        self.title = try options.string("title", default: title)
        labels = (
            try options.string("x_label", default: xLabel),
            try options.optional("y_label", expected: "string") { $0.string }
        )
        let names = Plot.Scale.allCases.map(\.rawValue)
        let x = try options.choice("x_scale", of: names, default: Plot.Scale.linear.rawValue)
        let y = try options.choice("y_scale", of: names, default: Plot.Scale.linear.rawValue)
        scales = (x == "log" ? .log : .linear, y == "log" ? .log : .linear)
        smoothing = try options.double("smooth", default: 0, in: 0...0.99)
        var screen = Plot.Screen()
        screen.columns = try options.int("width", default: screen.columns, atLeast: 20)
        screen.rows = try options.int("height", default: screen.rows, atLeast: 3)
        if try options.bool("ascii", default: false) { screen.marks = .ascii }
        self.screen = screen
        file = try options.optional("file", expected: "string") { $0.string }
    }

    /// The plot as the options want it.
    func applied(to plot: Plot) -> Plot {
        var plot = plot
        plot.title = title
        plot.xLabel = labels.x
        if let label = labels.y { plot.yLabel = label }
        (plot.xScale, plot.yScale) = scales
        plot.smoothing = smoothing
        plot.screen = screen
        return plot
    }
}

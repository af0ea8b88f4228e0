import Display
import Foundation
import LuaRuntime
import Notebook
import Terminal

/// The process's streams, and how text looks on them.
struct Console {
    let writer: TerminalWriter
    let progress: ProgressReporter
    /// The bars of the cookbook's stages.
    let stages: StageProgressBars
    /// For standard output.
    let style: Style
    /// For standard error.
    let errorStyle: Style
    /// Whether somebody sits at the terminal and waits for a prompt.
    private let isInteractive: Bool

    init(options: SessionOptions, writer: TerminalWriter = TerminalWriter()) {
        let environment = ProcessInfo.processInfo.environment
        self.writer = writer
        isInteractive = options.isInteractive || options.step || (options.script == nil && options.chunk == nil)
        style = Style(choice: options.color, isTerminal: writer.isOutputTerminal, environment: environment)
        errorStyle = Style(choice: options.color, isTerminal: writer.isErrorTerminal, environment: environment)
        progress = ProgressReporter(writer: writer, style: errorStyle, isQuiet: options.quiet)
        stages = StageProgressBars(reporter: progress, writer: writer)
    }

    /// How a notebook shows things here.
    func view() -> NotebookView {
        var view = NotebookView(
            write: { [writer] in writer.write($0) },
            note: { [writer] in writer.writeError($0) },
            paint: { [errorStyle] in Self.paint($0, $1, errorStyle) },
            table: { [style] columns, rows in
                TablePrinter(columns: columns, rows: rows, maxWidth: TerminalSize.current().columns, maxRows: 200)
                    .text(style: style)
            },
            show: { [self] value, _ in show(value) })
        if writer.isOutputTerminal { view.columns = { TerminalSize.current().columns } }
        view.width = { DisplayWidth.of($0) }
        return view
    }

    /// Shows what a cell shows: as a picture where the terminal can, to look through where somebody sits at it, else as text.
    private func show(_ value: DisplayValue) {
        let size = TerminalSize.current()
        let renderer = TextRenderer(width: size.columns, style: style)
        switch value {
        case .samples(let list) where list.isForBrowsing && isInteractive && SampleBrowser.run(list, writer: writer, style: style):
            writer.write((list.title.isEmpty ? "" : list.title + ": ") + list.summary + "\n")
        case .plot(let plot) where plot.screen.marks != .ascii && writer.isOutputTerminal:
            let graphics = TerminalGraphics.current(environment: ProcessInfo.processInfo.environment) { LineEditor.typeAhead($0) }
            writer.write((graphics.sequence(for: plot, in: size) ?? renderer.text(value)) + "\n")
        default: writer.write(renderer.text(value) + "\n")
        }
    }

    /// Shows an error that no cell has raised.
    func show(_ error: LuaError) {
        writer.writeError(ErrorReport(error).text(view: view()) + "\n")
    }

    private static func paint(_ text: String, _ role: NotebookView.Role, _ style: Style) -> String {
        switch role {
        case .heading: style.paint(text, .bold, .cyan)
        case .error: style.paint(text, .bold, .red)
        case .place: style.paint(text, .bold)
        case .hint: style.paint(text, .cyan)
        case .dim: style.paint(text, .gray)
        case .good: style.paint(text, .green)
        case .warning: style.paint(text, .yellow)
        }
    }
}

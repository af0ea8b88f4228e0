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

    init(options: SessionOptions, writer: TerminalWriter = TerminalWriter()) {
        let environment = ProcessInfo.processInfo.environment
        self.writer = writer
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
            show: { [writer, style] value, _ in
                writer.write(TextRenderer(width: TerminalSize.current().columns, style: style).text(value) + "\n")
            })
        view.width = { DisplayWidth.of($0) }
        return view
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

internal import Display
internal import Foundation
internal import JSON
internal import LuaRuntime

/// An executed notebook: prose and code in the order of reading, each code cell with what its latest run has given. Keys are
/// already taken out of it.
struct NotebookDocument {
    /// A cell, with the run that its outputs are from; nil for prose and for code that has not run as it stands.
    struct Cell {
        var cell: ScriptCell
        var execution: Execution?
        /// Whether the outputs are those of the text as it stands, and nothing before it has run since.
        var isStale = false
    }

    /// The first heading of the prose, else the file's name.
    let title: String
    /// The lines of the script's YAML header.
    let header: [String]
    let cells: [Cell]
    private let executions: [Execution]

    /// The script's cells, and each entry of the prompt behind the cell that ran last before it.
    init(_ notebook: Notebook) {
        let script = notebook.script
        var entries: [Int: [Cell]] = [:]
        var latest: [Int: Execution] = [:]
        var position = 0
        for execution in notebook.executions where execution.ending != nil {
            if let number = execution.scriptCell {
                latest[number] = execution
                position = number
            } else if execution.source.contains(where: { !$0.isWhitespace }) {
                entries[position, default: []].append(Cell(cell: Self.entry(execution), execution: execution))
            }
        }
        var cells = entries[0] ?? []
        var number = 0
        for cell in script?.cells ?? [] {
            guard cell.isCode else {
                cells.append(Cell(cell: cell))
                continue
            }
            number += 1
            let execution = latest[number].flatMap { $0.source == cell.source ? $0 : nil }
            cells.append(Cell(cell: cell, execution: execution, isStale: notebook.status(number) == .stale))
            cells += entries[number] ?? []
        }
        self.cells = cells.map(Self.redacted)
        executions = notebook.executions
        header = script?.header ?? []
        let prose = cells.lazy.filter { $0.cell.kind == .markdown }.flatMap {
            [$0.cell.title] + $0.cell.source.components(separatedBy: "\n")
        }
        let heading = prose.first { $0.hasPrefix("# ") }.map { String($0.dropFirst(2)) }
        title = heading ?? script?.path.map { URL(filePath: $0).deletingPathExtension().lastPathComponent } ?? "rlhf-repl session"
    }

    /// An error as the session shows it; the lines of source in it may hold keys, too.
    func report(_ error: LuaError) -> String {
        KeyRedaction.redacted(ErrorReport(error, executions: executions).text(view: NotebookView(write: { _ in }, note: { _ in })))
    }

    private static func entry(_ execution: Execution) -> ScriptCell {
        ScriptCell(
            title: execution.title, kind: .code, depth: 0, metadata: [:], source: execution.source, lines: 1...1, firstSourceLine: 1)
    }

    private static func redacted(_ cell: Cell) -> Cell {
        var cell = cell
        cell.cell.source = KeyRedaction.redacted(cell.cell.source)
        cell.execution?.redactOutputs()
        return cell
    }
}

extension Execution {
    /// Takes keys out of what was printed, shown and said.
    mutating func redactOutputs() {
        outputs = outputs.map { output in
            switch output {
            case .printed(let text): return .printed(KeyRedaction.redacted(text))
            case .display(let value): return .display(value.mapText(KeyRedaction.redacted))
            case .result(let value): return .result(value.mapText(KeyRedaction.redacted))
            case .error(var error):
                error.message = KeyRedaction.redacted(error.message)
                error.hint = error.hint.map(KeyRedaction.redacted)
                return .error(error)
            }
        }
    }
}

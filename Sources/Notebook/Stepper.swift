internal import LuaRuntime

/// Stops before each cell of a script and asks what to do with it.
public struct Stepper {
    /// What the user wants with the cell.
    public enum Choice: Sendable, Equatable { case run, skip, edit, inspect, quit }

    private let notebook: Notebook
    private let read: (_ prompt: String) -> String?

    /// A stepper; `read` asks for a line and gives nil at the end of the input.
    public init(notebook: Notebook, read: @escaping (String) -> String?) {
        (self.notebook, self.read) = (notebook, read)
    }

    /// Steps through the given code cells. Gives the failed run at which it ended, if one failed and was not gone over.
    public func run(_ numbers: [Int]) throws -> Execution? {
        var failed: Execution?
        var index = 0
        while index < numbers.count {
            guard !notebook.wantsQuit, let script = notebook.script else { return failed }
            let number = numbers[index]
            guard script.codeCells.indices.contains(number - 1) else {
                throw NotebookError.noSuchCell(number: number, count: script.codeCells.count)
            }
            show(script, number)
            switch ask() {
            case .run:
                let execution = try notebook.runCell(number)
                failed = execution.ending == .ok ? nil : execution
                // A failed cell is offered again: it can be edited, skipped, or looked into.
                if failed == nil { index += 1 }
            case .skip:
                failed = nil
                index += 1
            case .edit: notebook.runEntry("%edit \(number)")
            case .inspect: inspect()
            case .quit: return failed
            }
        }
        return failed
    }

    /// The meaning of an answer: a first letter or a word; an empty line runs.
    public static func choice(_ answer: String) -> Choice? {
        let word = answer.lowercased().filter { !$0.isWhitespace }
        if word.isEmpty { return .run }
        let names: [(String, Choice)] = [
            ("run", .run), ("skip", .skip), ("edit", .edit), ("inspect", .inspect), ("quit", .quit),
        ]
        return names.first { $0.0.hasPrefix(word) }?.1
    }

    private func ask() -> Choice {
        while true {
            guard let answer = read("[r]un, [s]kip, [e]dit, [i]nspect, [q]uit? ") else { return .quit }
            if let choice = Self.choice(answer) { return choice }
            notebook.view.note("'\(answer)' is none of run, skip, edit, inspect, quit\n")
        }
    }

    /// Runs entries until an empty one.
    private func inspect() {
        notebook.view.note("an empty line goes back to the cell\n")
        while let entry = read("inspect> "), !entry.allSatisfy(\.isWhitespace) {
            notebook.runEntry(entry)
            if notebook.wantsQuit { return }
        }
    }

    /// The prose before the cell, and the cell.
    private func show(_ script: Script, _ number: Int) {
        let cell = script.codeCells[number - 1]
        guard let position = script.cells.firstIndex(of: cell) else { return }
        let prose = script.cells[..<position].reversed().prefix { $0.kind == .markdown }.reversed()
        for text in prose where !text.source.isEmpty { notebook.view.note(text.source + "\n\n") }
        notebook.view.note(
            notebook.view.paint("cell \(number) of \(script.codeCells.count): \(cell.title)", .heading) + "\n")
        for (offset, line) in cell.source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            notebook.view.note(notebook.view.paint("\(cell.firstSourceLine + offset)", .dim) + "\t\(line)\n")
        }
    }
}

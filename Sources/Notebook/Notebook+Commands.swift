internal import Foundation
internal import LuaRuntime

/// What the session's commands do.
extension Notebook {
    func requireScript(_ command: String) throws {
        if script == nil { throw NotebookError.noScript(command: command) }
    }

    /// The code cells that a text means: numbers, `all`, a title or the only beginning of one, `from A`, `until B`, both.
    func cells(_ target: String, command: String) throws -> [Int] {
        try requireScript(command)
        let cells = script?.codeCells ?? []
        if target.isEmpty {
            throw NotebookError.commandUsage(
                "\(command) needs to know which cells", usage: "\(command) N|TITLE|all|from A|until B")
        }
        if let exact = cells.firstIndex(where: { $0.title == target }) { return [exact + 1] }
        if let match = target.wholeMatch(of: /from\s+(.+?)(?:\s+until\s+(.+))?/) {
            let start = try cell(String(match.1), cells)
            let end = try match.2.map { try cell(String($0), cells) } ?? cells.count
            guard start <= end else {
                throw NotebookError.commandUsage(
                    "cell \(end) comes before cell \(start)", usage: "\(command) from A until B")
            }
            return Array(start...end)
        }
        if let match = target.wholeMatch(of: /until\s+(.+)/) { return Array(1...(try cell(String(match.1), cells))) }
        do {
            return try CellSelection(target).numbers(count: cells.count)
        } catch NotebookError.cellSelection {
            return [try cell(target, cells)]
        }
    }

    /// One cell by its number, its title, or the only beginning of a title.
    private func cell(_ name: String, _ cells: [ScriptCell]) throws -> Int {
        if let number = Int(name) {
            guard cells.indices.contains(number - 1) else {
                throw NotebookError.noSuchCell(number: number, count: cells.count)
            }
            return number
        }
        if let exact = cells.firstIndex(where: { $0.title == name }) { return exact + 1 }
        let wanted = name.lowercased()
        let matches = cells.indices.filter { cells[$0].title.lowercased().hasPrefix(wanted) }
        guard matches.count == 1 else {
            throw NotebookError.noSuchTitle(name, titles: cells.map(\.title).filter { !$0.isEmpty })
        }
        return matches[0] + 1
    }

    func showCells() throws {
        try requireScript("%cells")
        let cells = script?.codeCells ?? []
        let rows = cells.enumerated().map { index, cell in
            let time = runs[index + 1].map { Self.duration($0.seconds) } ?? ""
            let indent = String(repeating: "  ", count: cell.depth)
            return [
                "\(index + 1)", status(index + 1).rawValue, time,
                indent + (cell.title.isEmpty ? "(no title)" : cell.title),
            ]
        }
        view.write(view.table(["cell", "state", "time", "title"], rows) + "\n")
    }

    func rerun() throws -> Execution? {
        // The run that asks for this is itself in the list when the command came from Lua.
        guard let last = executions.last(where: { $0.ending != nil }) else {
            throw NotebookError.commandUsage("nothing has run yet", usage: "%rerun")
        }
        if let cell = last.scriptCell { return try runCells([cell]) }
        let execution = run(last.source)
        return execution.ending == .ok ? nil : execution
    }

    func reload(_ path: String) throws {
        let path = path.isEmpty ? script?.path : path
        guard let path else { throw NotebookError.noScript(command: "%reload") }
        let change = replaceScript(try Script(contentsOf: path))
        let count = script?.codeCells.count ?? 0
        let difference = change.map { ": " + Self.text($0) } ?? ""
        view.note("\(path), \(count) code \(count == 1 ? "cell" : "cells")\(difference)\n")
    }

    func time(_ code: String) throws -> Execution? {
        guard !code.isEmpty else { throw NotebookError.commandUsage("%time needs code", usage: "%time CODE") }
        let execution = run(code)
        view.write("\(String(format: "%.3f", execution.seconds)) s\n")
        return execution.ending == .ok ? nil : execution
    }

    func showMemory() {
        state.collectGarbage()
        var rows = [["Lua", Self.bytes(state.memoryUsed)]]
        if let resident = Self.residentBytes() { rows.append(["process (resident)", Self.bytes(resident)]) }
        rows += memoryReport().map { [$0.what, Self.bytes($0.bytes)] }
        view.write(view.table(["what", "memory"], rows) + "\n")
    }

    func showVariables() {
        let variables = state.globals().filter { $0.name != "_" }
        guard !variables.isEmpty else { return view.note("no cell has defined a variable yet\n") }
        view.write(view.table(["name", "type", "value"], variables.map { [$0.name, $0.type, $0.summary] }) + "\n")
    }

    func reset() throws {
        try state.resetGlobals()
        runs.forget()
        told = Told()
        state.collectGarbage()
    }

    func showHistory(_ text: String) throws {
        guard let count = text.isEmpty ? 20 : Int(text), count > 0 else {
            throw NotebookError.commandUsage("'\(text)' is no number of entries", usage: "%history [N]")
        }
        for entry in inputHistory().suffix(count) { view.write(entry + "\n") }
    }

    func save(_ path: String) throws {
        guard !path.isEmpty else { throw NotebookError.commandUsage("%save needs a file", usage: "%save FILE") }
        guard !FileManager.default.fileExists(atPath: path) || exported.contains(path) else {
            throw NotebookError.fileNotWritten(path: path, reason: "it exists already")
        }
        if ExportFormat(path: path) != nil {
            try export(to: path)
            exported.insert(path)
            return view.note("notebook written to \(path)\n")
        }
        let kept = executions.filter { $0.ending == .ok && $0.source.contains { !$0.isWhitespace } }
        let text = kept.map { execution in
            "-- %% \(execution.title.isEmpty ? "Entry \(execution.number)" : execution.title)\n\(execution.source)\n"
        }
        try write(text.joined(separator: "\n"), to: path)
        view.note("\(kept.count) \(kept.count == 1 ? "cell" : "cells") written to \(path)\n")
    }

    func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw NotebookError.fileNotWritten(path: path, reason: error.localizedDescription)
        }
    }

    private static func bytes(_ count: Int) -> String {
        for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] where count >= size {
            return String(format: "%.1f \(unit)", Double(count) / Double(size))
        }
        return "\(count) B"
    }

    private static func residentBytes() -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

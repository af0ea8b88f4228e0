internal import Foundation
internal import LuaRuntime

/// `%edit`.
extension Notebook {
    private static let editor = "${VISUAL:-${EDITOR:-vi}}"

    /// Opens an editor: on the script's file where the target is one of its cells, else on the text of an entry, of which the result
    /// runs.
    func edit(_ target: String) throws -> Execution? {
        if target.isEmpty { return try editText(executions.last { $0.ending != nil }?.source ?? "") }
        if let match = target.wholeMatch(of: /In\[(\d+)\]/) { return try editText(entry(String(match.1))) }
        guard let script, let path = script.path else {
            guard target.allSatisfy(\.isNumber) else { throw NotebookError.noScript(command: "%edit TITLE") }
            return try editText(entry(target))
        }
        let cell = script.codeCells[try cells(target, command: "%edit")[0] - 1]
        // A notebook's file has no lines of Lua.
        if script.isNotebook { return try editText(cell.source) }
        try requireSuccess(shell("\(Self.editor) +\(cell.firstSourceLine) \(Self.quoted(path))"))
        try reload("")
        return nil
    }

    /// The text of `In[number]`.
    private func entry(_ number: String) throws -> String {
        guard let execution = executions.first(where: { String($0.number) == number }) else {
            throw NotebookError.commandUsage(
                "there is no In[\(number)]; \(executions.count) have run", usage: "%edit [N|In[N]|TITLE]")
        }
        return execution.source
    }

    private func editText(_ text: String) throws -> Execution? {
        let file = FileManager.default.temporaryDirectory.appending(path: "rlhf-repl-\(UUID().uuidString).lua")
        defer { try? FileManager.default.removeItem(at: file) }
        try write(text + "\n", to: file.path)
        try requireSuccess(shell("\(Self.editor) \(Self.quoted(file.path))"))
        let edited = try Script(contentsOf: file.path).lines.joined(separator: "\n")
        guard !edited.allSatisfy(\.isWhitespace) else { return nil }
        view.note(view.paint(edited, .dim) + "\n")
        rememberEntry(edited)
        let execution = run(edited)
        return execution.ending == .ok ? nil : execution
    }

    private func requireSuccess(_ status: Int32) throws {
        guard status == 0 else {
            throw LuaError(
                kind: "io", message: "the editor ended with status \(status)", hint: "set EDITOR to one that you have")
        }
    }

    /// A word for the shell that stands for exactly this text.
    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}

import Foundation
import TestSupport

/// The built program on a pseudo-terminal, with a folder of its own for state, data and models.
struct Repl {
    let terminal: ScriptedTerminal
    let folder: URL

    /// Starts a session; `model` gives it a tiny random model named `tiny`.
    init(
        _ arguments: [String] = [], model: Bool = false, columns: UInt16 = 100, rows: UInt16 = 40, environment: [String: String] = [:],
        folder: URL? = nil
    ) throws {
        let folder = folder ?? ScratchFolder.url.appending(path: "repl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        self.folder = folder
        var all = ["--threads", "2", "--log-dir", folder.appending(path: "logs").path] + arguments
        if model {
            let file = folder.appending(path: "tiny.gguf")
            try TinyModel().build().write(to: file)
            all = ["--model", file.path] + all
        }
        let variables = [
            "XDG_STATE_HOME": folder.path, "XDG_DATA_HOME": folder.path, "HOME": folder.path, "INPUTRC": "/dev/null",
            "NO_COLOR": "1", "LANG": "C.UTF-8",
        ].merging(environment) { $1 }
        terminal = try ScriptedTerminal(
            BuiltProgram.path("rlhf-repl"), all, environment: variables.filter { !$0.value.isEmpty }, columns: columns, rows: rows)
        try terminal.wait(for: "[1]> ")
    }

    /// Types an entry and waits for the next prompt; gives what came before it.
    @discardableResult
    func enter(_ entry: String, prompt number: Int) throws -> String {
        terminal.enter(entry)
        return try terminal.wait(for: "[\(number)]> ", seconds: 60)
    }

    /// Presses Ctrl-C and waits for a prompt.
    @discardableResult
    func interrupt(prompt number: Int) throws -> String {
        terminal.type("\u{3}")
        // An earlier line may be drawn once more before it is given up.
        let before = try terminal.wait(for: "^C", seconds: 60)
        return try before + terminal.wait(for: "[\(number)]> ", seconds: 60)
    }

    /// Whether the session still computes and remembers.
    func isAlive(prompt number: Int) throws -> Bool {
        try enter("('still '):rep(2) .. 'here'", prompt: number + 1).contains("still still here")
    }

    /// Rows that a tiny model can train on.
    static let rows =
        "rows = {} for i = 1, 24 do rows[i] = {messages = {{role = 'user', content = 'hi ' .. i}, {role = 'assistant', content = 'hello ' .. i}}} end;"
}

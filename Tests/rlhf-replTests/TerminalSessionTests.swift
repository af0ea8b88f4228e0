import Foundation
import TestSupport
import Testing

/// The built program on a pseudo-terminal. One after another: each test owns a terminal, and the machine may be slow.
@Suite(.serialized) struct TerminalSessionTests {
    /// A folder for state, and a session in it.
    private func start(_ arguments: [String] = [], state: URL? = nil) throws -> ScriptedTerminal {
        let folder = state ?? ScratchFolder.url.appending(path: "state-\(UUID().uuidString)")
        return try ScriptedTerminal(
            BuiltProgram.path("rlhf-repl"), arguments,
            environment: ["XDG_STATE_HOME": folder.path, "HOME": folder.path, "INPUTRC": "/dev/null", "NO_COLOR": "1"])
    }

    private func script(_ text: String) throws -> String {
        let file = ScratchFolder.url.appending(path: "\(UUID().uuidString).lua")
        try Data(text.utf8).write(to: file)
        return file.path
    }

    @Test("the first line says which service is in use, values are printed, and Ctrl-D ends with status 0")
    func firstSession() throws {
        let terminal = try start()
        try terminal.wait(for: "rlhf-repl 0.1.0")
        try terminal.wait(for: "[1]> ")
        terminal.enter("local x = 20 + 1")
        try terminal.wait(for: "[2]> ")
        terminal.enter("x * 2")
        try terminal.wait(for: "42\n")
        try terminal.wait(for: "[3]> ")
        terminal.type("\u{4}")
        #expect(try terminal.end() == 0)
    }

    @Test("a sent cell runs above the line that is being typed, which stays, and the next prompt counts on")
    func sentCell() throws {
        let socket = ScratchFolder.url.appending(path: "\(UUID().uuidString.prefix(8)).sock").path
        let terminal = try start()
        try terminal.wait(for: "[1]> ")
        terminal.enter("repl.attach('\(socket)')")
        try terminal.wait(for: "listening for cells")
        try terminal.wait(for: "[2]> ")
        terminal.type("6 *")
        let sent = try BuiltProgram.run("rlhf-repl", ["send", "--socket", socket, "-"], input: "-- %% Add\nlocal x = 7\nx + 1\n")
        #expect(sent.output == "── sent: Add\n8\n")
        #expect(sent.status == 0)
        try terminal.wait(for: "── sent: Add")
        try terminal.wait(for: "[3]> 6 *")
        terminal.enter(" x")
        try terminal.wait(for: "42\n")
        #expect(try BuiltProgram.run("rlhf-repl", ["send", "--socket", socket, "-"], input: "error('no')").status == 1)
        let file = try script("-- %% A\nprint('a')\n\n-- %% B\nprint('b')\n")
        let cell = try BuiltProgram.run("rlhf-repl", ["send", "--socket", socket, "--line", "5", file])
        #expect(cell.output == "── sent: B\nb\n")
        try terminal.wait(for: "[6]> ")
        terminal.type("\u{4}")
        #expect(try terminal.end() == 0)
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test("lines go on until the entry is complete, and Up brings the whole entry back, in the next session too")
    func multiLineHistory() throws {
        let state = ScratchFolder.url.appending(path: "state-\(UUID().uuidString)")
        var terminal = try start(state: state)
        try terminal.wait(for: "[1]> ")
        for line in ["for i = 1, 2 do", "  print('n' .. i)", "end"] { terminal.enter(line) }
        try terminal.wait(for: "n1\nn2\n")
        try terminal.wait(for: "[2]> ")
        terminal.type("\u{4}")
        _ = try terminal.end()

        terminal = try start(state: state)
        try terminal.wait(for: "[1]> ")
        terminal.type("for\u{1B}[A")
        try terminal.wait(for: "end")
        terminal.type("\r")
        try terminal.wait(for: "n1\nn2\n")
        try terminal.wait(for: "[2]> ")
    }

    @Test("a pasted block is one entry")
    func bracketedPaste() throws {
        let terminal = try start()
        try terminal.wait(for: "[1]> ")
        terminal.type("\u{1B}[200~a = 1\nb = 2\nprint('sum', a + b)\n\u{1B}[201~")
        terminal.type("\r")
        try terminal.wait(for: "sum")
        try terminal.wait(for: "3\n")
        try terminal.wait(for: "[2]> ")
    }

    @Test("a script's cells can be listed and run by number and title, and get stale")
    func cells() throws {
        let path = try script("-- %% First\nx = 1\n\n-- %% Second\nprint('x is', x)\n")
        let terminal = try start(["-i", path])
        try terminal.wait(for: "x is")
        try terminal.wait(for: "[3]> ")
        terminal.enter("%run First")
        try terminal.wait(for: "[4]> ")
        terminal.enter("%cells")
        let table = try terminal.wait(for: "Second")
        #expect(table.contains("ok"))
        #expect(table.contains("stale"))
        try terminal.wait(for: "[4]> ")
        terminal.enter("repl.next()")
        try terminal.wait(for: "x is")
        terminal.enter("%quit")
        #expect(try terminal.end() == 0)
    }

    @Test("--step asks before each cell: skip, inspect, run, quit")
    func step() throws {
        let path = try script(
            "-- %% [markdown]\n-- Some prose.\n\n-- %% A\nprint('in' .. ' A')\n\n-- %% B\ny = 5\n\n-- %% C\nprint('no')\n"
        )
        let terminal = try start(["--step", path])
        try terminal.wait(for: "Some prose.")
        try terminal.wait(for: "[q]uit? ")
        terminal.enter("s")
        try terminal.wait(for: "cell 2 of 3: B")
        try terminal.wait(for: "[q]uit? ")
        terminal.enter("r")
        try terminal.wait(for: "cell 3 of 3: C")
        try terminal.wait(for: "[q]uit? ")
        terminal.enter("i")
        try terminal.wait(for: "inspect> ")
        terminal.enter("y + 37")
        try terminal.wait(for: "42")
        try terminal.wait(for: "inspect> ")
        terminal.enter("")
        try terminal.wait(for: "[q]uit? ")
        terminal.enter("q")
        #expect(try terminal.end() == 0)
        #expect(!terminal.transcript.contains("in A\n"))
    }

    @Test("text of a background task comes above the prompt and leaves the typed line alone")
    func backgroundText() throws {
        let terminal = try start()
        try terminal.wait(for: "[1]> ")
        terminal.enter("go = false; rlhf.spawn(function()")
        terminal.enter("while not go do coroutine.yield() end print('la' .. 'ter') end);")
        try terminal.wait(for: "[2]> ")
        terminal.enter("rlhf.spawn(function() for i = 1, 5 do coroutine.yield() end go = true end);")
        try terminal.wait(for: "later\n")
        terminal.enter("'typed' .. ' line'")
        try terminal.wait(for: "\"typed line\"")
    }

    @Test("Ctrl-C stops a background task that loops, and the prompt is back")
    func interruptBackgroundTask() throws {
        let terminal = try start()
        try terminal.wait(for: "[1]> ")
        // What the task prints waits for its turn to end, so a file tells that the loop has begun.
        let sign = ScratchFolder.url.appending(path: UUID().uuidString).path
        terminal.enter("rlhf.spawn(function() coroutine.yield() coroutine.yield()")
        terminal.enter("io.open('\(sign)', 'w'):close() while true do end end);")
        for _ in 0..<1000 where !FileManager.default.fileExists(atPath: sign) { usleep(10_000) }
        #expect(FileManager.default.fileExists(atPath: sign))
        terminal.type("\u{3}")
        terminal.enter("6 * 7")
        try terminal.wait(for: "42\n")
    }
}

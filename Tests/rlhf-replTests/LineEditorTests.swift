import Foundation
import TestSupport
import Testing

/// What the keys of the line editor do, through a pseudo-terminal.
@Suite(.serialized) struct LineEditorTests {
    private static let (up, down) = ("\u{1B}[A", "\u{1B}[B")

    @Test("Up goes through the lines of an entry, so that an earlier line can be mended")
    func editsEarlierLine() throws {
        let repl = try Repl()
        repl.terminal.type("for i = 1, 2 do\rprint('x' .. i)\r\(Self.up)\u{1}--\u{5}\(Self.down)end\r")
        try repl.terminal.wait(for: "[2]> ")
        #expect(!repl.terminal.transcript.contains("x1"))
        #expect(try repl.enter("In[1]", prompt: 3).contains("--print"))
    }

    @Test("Up recalls whole entries, and only those that begin with what was typed")
    func prefixSearch() throws {
        let repl = try Repl()
        try repl.enter("alpha = 1", prompt: 2)
        repl.terminal.type("for i = 7, 8 do\rprint('n' .. i)\rend\r")
        try repl.terminal.wait(for: "n7\nn8\n")
        try repl.enter("beta = 2", prompt: 4)
        repl.terminal.type("fo\(Self.up)\r")
        try repl.terminal.wait(for: "n7\nn8\n")
        // From an empty line: the last entry, its lines, then the entry before it.
        repl.terminal.type("\(Self.up)\(Self.up)\(Self.up)\(Self.up)\u{5} beta = beta + 40\r")
        try repl.terminal.wait(for: "[6]> ")
        #expect(try repl.enter("beta", prompt: 7).contains("42"))
    }

    @Test("Tab completes fields, methods, options of the called function without those given, and values of options")
    func completion() throws {
        let repl = try Repl()
        repl.terminal.type("string.for\t'%d', 41 + 1)\r")
        try repl.terminal.wait(for: "\"42\"")
        repl.terminal.type("rlhf.supervised.tr\t")
        try repl.terminal.wait(forScreen: "rlhf.supervised.train{")
        repl.terminal.type("batch_s\t8, lr_sch\t")
        try repl.terminal.wait(forScreen: "batch_size = 8, lr_schedule =")
        try repl.interrupt(prompt: 2)
        repl.terminal.type("rlhf.supervised.train{lr_schedule = \"cos\ttrain_mlp = f\t")
        try repl.terminal.wait(forScreen: "lr_schedule = \"cosine\"")
        try repl.interrupt(prompt: 2)
        repl.terminal.type("%hist\t3\r")
        try repl.terminal.wait(for: "%history 3")
    }

    @Test("Tab completes files in strings, and shows the signature in a call")
    func filesAndHints() throws {
        let repl = try Repl()
        let folder = repl.folder.appending(path: "with space")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("found".utf8).write(to: folder.appending(path: "data file.txt"))
        repl.terminal.type("io.open('\(repl.folder.path)/with\tda\t")
        try repl.terminal.wait(for: "with space/data file.txt'")
        repl.terminal.type("):read('a')\r")
        try repl.terminal.wait(for: "\"found\"")
        repl.terminal.type("rlhf.gather(\t")
        try repl.terminal.wait(forScreen: "rlhf.gather(futures) -> a list of values\n[2]> rlhf.gather(")
    }

    @Test("completion runs no code of the user's")
    func runsNothing() throws {
        let repl = try Repl()
        try repl.enter(
            "ran = 0 trap = setmetatable({field = 1}, {__index = function() ran = ran + 1 end, __pairs = function() ran = ran + 1 end})",
            prompt: 2)
        repl.terminal.type("trap.fi\t")
        try repl.terminal.wait(for: "trap.field")
        repl.terminal.type(".x.y\t\u{3}")
        try repl.terminal.wait(for: "^C")
        #expect(try repl.enter("'ran ' .. ran", prompt: 3).contains("\"ran 0\""))
    }

    @Test("%edit opens the last entry in the editor of the environment and runs what it leaves")
    func edit() throws {
        let editor = ScratchFolder.url.appending(path: "editor-\(UUID().uuidString)")
        try Data("#!/bin/sh\nsed -i 's/one/two/' \"$1\"\n".utf8).write(to: editor)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: editor.path)
        let repl = try Repl(environment: ["EDITOR": editor.path])
        try repl.enter("print('number ' .. 'one')", prompt: 2)
        #expect(try repl.enter("%edit", prompt: 3).contains("number two"))
    }

    @Test("text of the background waits while a search has the line, and then stands above the prompt")
    func outputWaitsForSearch() throws {
        let repl = try Repl()
        let sign = repl.folder.appending(path: "go").path
        try repl.enter("needle = 1", prompt: 2)
        try repl.enter(
            "rlhf.spawn(function() repeat coroutine.yield() local f = io.open('\(sign)') until f print('la' .. 'ter') io.open('\(sign).done', 'w'):close() end);",
            prompt: 3)
        repl.terminal.type("\u{12}need")
        try repl.terminal.wait(for: "needle")
        try Data().write(to: URL(filePath: sign))
        for _ in 0..<2000 where !FileManager.default.fileExists(atPath: sign + ".done") { usleep(10_000) }
        #expect(!repl.terminal.screen.contains("later"))
        repl.terminal.type("\u{7}")  // Ctrl-G leaves the search
        try repl.terminal.wait(for: "later")
        #expect(try repl.isAlive(prompt: 3))
    }

    @Test("a typed line survives another size of the terminal")
    func resize() throws {
        let repl = try Repl(columns: 100)
        repl.terminal.type("'a long line that will not fit into forty columns ' .. 'at ")
        try repl.terminal.wait(for: "'at ")
        repl.terminal.resize(columns: 40)
        repl.terminal.type("all'\r")
        try repl.terminal.wait(for: "fit into forty columns at all\"")
    }

    @Test("wide characters are typed, deleted and recalled as one character each")
    func wideCharacters() throws {
        let repl = try Repl()
        repl.terminal.type("'日本語語\u{7F}' .. '🙂'")
        try repl.terminal.wait(forScreen: "[1]> '日本語")
        repl.terminal.type("\u{1}\u{6}\u{6}\u{6}\u{4}\r")  // to the start, three to the right, delete one
        try repl.terminal.wait(for: "\"日本🙂\"")
    }

    @Test("a dumb terminal gets a prompt for each line and no control sequences")
    func dumbTerminal() throws {
        let repl = try Repl(environment: ["TERM": "dumb", "NO_COLOR": ""])
        repl.terminal.enter("for i = 1, 2 do")
        try repl.terminal.wait(for: "..> ")
        repl.terminal.enter("print('n' .. i) end")
        try repl.terminal.wait(for: "n1\nn2\n")
        #expect(!repl.terminal.output.contains("\u{1B}["))
    }

    @Test("NO_COLOR takes the colours away, and a terminal with colours has them")
    func colours() throws {
        #expect(!(try Repl().terminal.output.contains("\u{1B}[1;32m")))
        #expect(try Repl(environment: ["NO_COLOR": ""]).terminal.output.contains("\u{1B}[1;32m[1]"))
    }
}

import Foundation
import TestSupport
import Testing

/// Ctrl-C while a cell reads from a command that it has started itself.
@Suite(.serialized) struct PipeInterruptTests {
    @Test(
        "in io.popen, reading and closing; the command is gone, and collecting its file stops nothing",
        arguments: ["p:read('a')", "p:close()"])
    func popen(call: String) throws {
        let repl = try Repl()
        repl.terminal.enter("p = io.popen('exec sleep 1000') print('be' .. 'gin') \(call)")
        try repl.terminal.wait(for: "begin\n")
        #expect(try repl.interrupt(prompt: 2).contains("interrupted"))
        #expect(try repl.enter("p = nil collectgarbage() collectgarbage() 'free'", prompt: 3).contains("free"))
        #expect(try repl.isAlive(prompt: 3))
    }

    @Test("io.popen reads, writes, and tells how a command ended and what is wrong, as Lua's own")
    func commands() throws {
        let repl = try Repl()
        let file = repl.folder.appending(path: "out").path
        #expect(try repl.enter("p = io.popen('echo be; echo gin; exit 3'); p:read('l') .. p:read('a')", prompt: 2).contains("begin"))
        #expect(try repl.enter("p:close()", prompt: 3).contains("nil  \"exit\"  3"))
        #expect(
            try repl.enter("p = io.popen('cat >\(file)', 'w'); p:write('text'); p:close()", prompt: 4).contains("true  \"exit\"  0"))
        #expect(try repl.enter("io.open('\(file)'):read('a') .. 's'", prompt: 5).contains("texts"))
        #expect(try repl.enter("io.popen('true', 'rw')", prompt: 6).contains("invalid mode"))
        #expect(
            try repl.enter("for line in io.popen('echo a; echo b'):lines() do io.write(line .. line) end", prompt: 7).contains("aabb"))
        // What does not care for Ctrl-C is left alone.
        repl.terminal.enter("p = io.popen(\"trap '' INT; sleep 5\") print('be' .. 'gin') p:close()")
        try repl.terminal.wait(for: "begin\n")
        #expect(try repl.interrupt(prompt: 8).contains("interrupted"))
        #expect(try repl.isAlive(prompt: 8))
    }

    @Test("which takes no notice of it and is left alone")
    func stubborn() throws {
        let repl = try Repl()
        repl.terminal.enter("p = io.popen('trap \"\" INT; echo begun; exec sleep 1000') print(p:read()) p:close()")
        try repl.terminal.wait(for: "begun\n")
        #expect(try repl.interrupt(prompt: 2).contains("interrupted"))
        #expect(try repl.isAlive(prompt: 2))
    }
}

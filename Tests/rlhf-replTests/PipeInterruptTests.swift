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

    @Test("in io.popen, of which the command takes no notice, so that it is left alone")
    func stubborn() throws {
        let repl = try Repl()
        repl.terminal.enter("p = io.popen('trap \"\" INT; echo begun; exec sleep 1000') print(p:read()) p:close()")
        try repl.terminal.wait(for: "begun\n")
        #expect(try repl.interrupt(prompt: 2).contains("interrupted"))
        #expect(try repl.isAlive(prompt: 2))
    }
}

import Foundation
import TestSupport
import Testing

/// Plots and rollouts on terminals that can do more than print: pictures, and a screen to look through.
@Suite(.serialized) struct PictureTests {
    /// A plot on a terminal that gives these answers.
    private func plot(answering answer: String, environment: [String: String] = [:], prompt: Int = 2) throws -> Repl {
        let repl = try Repl(environment: environment)
        repl.terminal.enter("plot({1, 3, 2}, {title = 'curve'})")
        try repl.terminal.wait(forRaw: "\u{1B}[c")
        repl.terminal.type(answer)
        try repl.terminal.wait(for: "[\(prompt)]> ")
        return repl
    }

    @Test("kitty gets a PNG on its own dark ground, and what is typed meanwhile is kept")
    func kitty() throws {
        let repl = try plot(answering: "\u{1B}]11;rgb:1e1e/1e1e/2e2e\u{1B}\\1 +\u{1B}_Gi=31;OK\u{1B}\\\u{1B}[?62;c")
        #expect(repl.terminal.output.contains("\u{1B}_Ga=T,f=100,q=2,c="))
        repl.terminal.type(" 1\r")
        try repl.terminal.wait(for: "[3]> ")
        #expect(repl.terminal.screen.contains("[2]> 1 + 1\n2\n"))
        // Asked once only.
        try repl.enter("plot({1, 2})", prompt: 4)
        #expect(repl.terminal.output.components(separatedBy: "\u{1B}[c").count == 2)
    }

    @Test("a terminal with sixels gets them, on black where COLORFGBG says so")
    func sixel() throws {
        let light = try plot(answering: "\u{1B}[?62;4c")
        #expect(light.terminal.output.contains("\u{1B}Pq\"1;1;576;360#0;2;100;100;100"))
        let dark = try plot(answering: "\u{1B}[?62;4c", environment: ["COLORFGBG": "15;0"])
        #expect(dark.terminal.output.contains("\u{1B}Pq\"1;1;576;360#0;2;0;0;0"))
    }

    @Test("a terminal that cannot, or says nothing, gets characters; one in tmux is not asked")
    func characters() throws {
        #expect(try plot(answering: "\u{1B}[?1;2c").terminal.screen.contains("curve"))
        #expect(try plot(answering: "").terminal.screen.contains("curve"))
        let inside = try Repl(environment: ["TMUX": "/tmp/tmux-0/default,1,0"])
        #expect(try inside.enter("plot({1, 3, 2}, {title = 'curve'})", prompt: 2).contains("curve"))
        #expect(!inside.terminal.output.contains("\u{1B}[c"))
    }

    /// A session that looks through rollouts.
    private func browser() throws -> Repl {
        let repl = try Repl()
        try repl.enter(
            "rows = {} for i = 1, 40 do rows[i] = {prompt = 'ask ' .. i, response = 'reply ' .. i, reward = i % 7} end;", prompt: 2)
        repl.terminal.enter("rlhf.display.rollouts(rows, {title = 'mine', browse = true})")
        try repl.terminal.wait(forScreen: "[1] reward 1")
        return repl
    }

    @Test("the browser pages, sorts, searches and leaves the screen as it was")
    func browse() throws {
        let repl = try browser()
        #expect(repl.terminal.output.contains("\u{1B}[?1049h"))
        repl.terminal.type(" ")
        try repl.terminal.wait(for: "reply 14")
        repl.terminal.type("b")
        repl.terminal.type("s")
        try repl.terminal.wait(for: "order: best")
        repl.terminal.type("/")
        try repl.terminal.wait(for: "search: ")
        repl.terminal.type("reply 33\r")
        try repl.terminal.wait(for: "containing \"reply 33\"")
        repl.terminal.type("q")
        try repl.terminal.wait(for: "[3]> ")
        #expect(repl.terminal.output.contains("\u{1B}[?1049l"))
        #expect(try repl.isAlive(prompt: 3))
    }

    @Test("Ctrl-C leaves the browser, and the search before it")
    func interrupt() throws {
        let repl = try browser()
        repl.terminal.type("/x")
        try repl.terminal.wait(for: "search: x")
        repl.terminal.type("\u{3}")
        try repl.terminal.wait(for: "/ search")
        repl.terminal.type("\u{3}")
        try repl.terminal.wait(for: "[3]> ")
        #expect(try repl.isAlive(prompt: 3))
    }
}

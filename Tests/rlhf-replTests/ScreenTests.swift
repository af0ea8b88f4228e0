import Foundation
import TestSupport
import Testing

/// What a terminal shows of a typical session, at three widths. `RECORD_SCREENS=1 swift test --filter ScreenTests` writes the
/// expected screens anew; look at the difference before committing it.
@Suite(.serialized) struct ScreenTests {
    @Test("a session looks as it did", arguments: [40, 80, 200])
    func screen(columns: Int) throws {
        let repl = try Repl(columns: UInt16(columns))
        try repl.enter("1 + 1, {name = 'x', list = {1, 2, 3}}", prompt: 2)
        repl.terminal.type("for i = 1, 2 do\rprint('line ' .. i, '日本語 wide')\rend\r")
        try repl.terminal.wait(for: "[3]> ")
        try repl.enter("'a long value that has to be typed over more than one line of a narrow terminal, and is';", prompt: 4)
        repl.terminal.type("rlhf.supervised.train{train_\t")
        try repl.terminal.wait(for: "train_on_what")
        try repl.terminal.wait(for: "[4]> ")
        try repl.interrupt(prompt: 4)
        repl.terminal.type("\u{1B}[200~a = 1\nb = a + 1\u{1B}[201~\r")
        try repl.terminal.wait(for: "[5]> ")
        repl.terminal.type("%quit\r")
        #expect(try repl.terminal.end() == 0)
        try expect([repl.terminal.screen], as: "\(columns)")
    }

    @Test("help and errors look as they did", arguments: [40, 80, 200])
    func words(columns: Int) throws {
        let repl = try Repl(columns: UInt16(columns))
        try repl.enter("%help", prompt: 1)
        try repl.enter("?plot", prompt: 1)
        try repl.enter("?nothing_of_this_name", prompt: 1)
        try repl.enter("local rows = {}; rows[9].reward = 1", prompt: 2)
        try repl.enter("rlhf.supervised.train{bach_size = 4, dataset_builder = {}}", prompt: 3)
        try expect([repl.terminal.screen], as: "\(columns)-words")
    }

    @Test("plots look as they did: in characters, as sixels and on kitty", arguments: [40, 80, 200])
    func plots(columns: Int) throws {
        let screens = try ["?1;2c", "?62;4c"].map { try plots(columns: columns, answer: "\u{1B}[" + $0) }
        let kitty = try plots(columns: columns, answer: "\u{1B}_Gi=31;OK\u{1B}\\\u{1B}[?62;c")
        try expect(screens + [kitty], as: "\(columns)-plots")
    }

    private func plots(columns: Int, answer: String) throws -> String {
        let repl = try Repl(columns: UInt16(columns))
        repl.terminal.enter("plot({sft = {3, 2.2, 1.7, 1.5}, base = {3.1, 3, 3.2}}, {title = 'NLL', x_label = 'step'})")
        try repl.terminal.wait(forRaw: "\u{1B}[c")
        repl.terminal.type(answer)
        try repl.terminal.wait(for: "[2]> ")
        try repl.enter("plot({1, 10, 100, 1000}, {kind = 'scatter', y_scale = 'log'})", prompt: 3)
        try repl.enter("plot({1, 2, 2, 3, 3, 3, 9}, {kind = 'histogram', bins = 4})", prompt: 4)
        return repl.terminal.screen
    }

    @Test("the browser of rollouts looks as it did: a page, the best, one in full, a search, and after it", arguments: [40, 80, 200])
    func browser(columns: Int) throws {
        let repl = try Repl(columns: UInt16(columns), rows: 16)
        try repl.enter(
            "rows = {} for i = 1, 40 do rows[i] = {prompt = 'Ask ' .. i .. ', 日本語', response = ('reply ' .. i .. ' '):rep(30), reward = i % 7} end;",
            prompt: 2)
        var screens: [String] = []
        repl.terminal.enter("rlhf.display.rollouts(rows, {title = 'mine', browse = true})")
        // What is waited for stands in the last line, which is drawn last.
        for (keys, sign) in [("", "sampled"), ("s", "best"), ("f", "several"), ("/reply 33", "search: reply 33"), ("\r", "several")] {
            repl.terminal.type(keys)
            try repl.terminal.wait(forScreen: sign)
            screens.append(repl.terminal.screen)
        }
        repl.terminal.type("q")
        try repl.terminal.wait(for: "[3]> ")
        try expect(screens + [repl.terminal.screen], as: "\(columns)-browser")
    }

    /// Compares screens with those of a file.
    private func expect(_ screens: [String], as name: String) throws {
        let shown = screens.joined(separator: "\n\n=====\n\n") + "\n"
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Screens/\(name).txt")
        if ProcessInfo.processInfo.environment["RECORD_SCREENS"] != nil { try Data(shown.utf8).write(to: file) }
        #expect(shown == (try String(contentsOf: file, encoding: .utf8)))
    }
}

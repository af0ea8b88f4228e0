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
        let shown = repl.terminal.screen + "\n"
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Screens/\(columns).txt")
        if ProcessInfo.processInfo.environment["RECORD_SCREENS"] != nil { try Data(shown.utf8).write(to: file) }
        #expect(shown == (try String(contentsOf: file, encoding: .utf8)))
    }
}

public import Display
internal import Foundation

extension SampleBrowser {
    /// Lets the user look through the samples on the terminal, on a screen of its own. False where that is not possible. Ctrl-C
    /// leaves, as q does.
    public static func run(_ list: SampleList, writer: TerminalWriter, style: Style) -> Bool {
        guard writer.isOutputTerminal, let terminal = RawTerminal(keepsSignals: false) else { return false }
        writer.promptDidStart(wake: {})
        // The other screen keeps what was there before.
        show("\u{1B}[?1049h\u{1B}[?25l")
        defer {
            show("\u{1B}[?25h\u{1B}[?1049l")
            terminal.close()
            writer.promptDidEnd()
        }
        var browser = SampleBrowser(list, style: style)
        var drawn: [String] = []
        while true {
            let size = TerminalSize.current()
            let lines = browser.screen(rows: size.rows, columns: size.columns)
            if lines != drawn {
                show("\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
                drawn = lines
            }
            guard let keys = terminal.read(within: 500) else { return true }
            if !keys.isEmpty, !browser.press(keys, rows: size.rows, columns: size.columns) { return true }
        }
    }

    private static func show(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}

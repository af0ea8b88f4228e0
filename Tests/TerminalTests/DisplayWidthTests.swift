import Terminal
import Testing

struct DisplayWidthTests {
    @Test(
        "text is as wide as a terminal shows it",
        arguments: [
            ("abc", 3), ("", 0), ("日本語", 6), ("e\u{301}", 1), ("👩‍👩‍👧", 2), ("🇩🇪", 2), ("❤️", 2), ("👍🏽", 2), ("ｶ", 1),
            ("한", 2),
            ("\u{1B}[31mred\u{1B}[0m", 3), ("a\u{200B}b", 2), ("\n", 0), ("नि", 1),
        ])
    func width(text: String, expected: Int) {
        #expect(DisplayWidth.of(text) == expected)
    }

    @Test("a cut never splits a character, and closes colours")
    func truncation() {
        #expect(DisplayWidth.truncated("abcdef", to: 4) == "abc…")
        #expect(DisplayWidth.truncated("日本語", to: 4) == "日…")
        #expect(DisplayWidth.truncated("日本", to: 4) == "日本")
        #expect(DisplayWidth.truncated("\u{1B}[31mabcdef\u{1B}[0m", to: 3) == "\u{1B}[31mab…\u{1B}[0m")
        #expect(DisplayWidth.truncated("abc", to: 0) == "")
    }
}

struct StyleTests {
    @Test(
        "colours come on terminals only, and NO_COLOR and TERM=dumb take them away",
        arguments: [
            (ColorChoice.auto, true, ["TERM": "xterm"], true), (.auto, false, ["TERM": "xterm"], false),
            (.auto, true, ["TERM": "xterm", "NO_COLOR": "1"], false),
            (.auto, true, ["TERM": "xterm", "NO_COLOR": ""], true),
            (.auto, true, ["TERM": "dumb"], false), (.auto, true, [:], false),
            (.always, false, ["NO_COLOR": "1"], true),
            (.never, true, ["TERM": "xterm"], false),
        ] as [(ColorChoice, Bool, [String: String], Bool)])
    func choice(choice: ColorChoice, isTerminal: Bool, environment: [String: String], expected: Bool) {
        #expect(Style(choice: choice, isTerminal: isTerminal, environment: environment).isEnabled == expected)
    }

    @Test("each line closes its colour")
    func lines() {
        #expect(Style(isEnabled: true).paint("a\nb", .bold, .red) == "\u{1B}[1;31ma\u{1B}[0m\n\u{1B}[1;31mb\u{1B}[0m")
        #expect(Style.plain.paint("a", .red) == "a")
    }
}

struct TokenPainterTests {
    @Test("runs of one sign are decoded together, and newlines are visible")
    func runs() {
        // The two bytes of é are two tokens: decoded one by one they would be broken.
        let bytes: [UInt8] = [0x68, 0xC3, 0xA9, 0x0A, 0x78]
        let text = TokenPainter(style: .plain).paint(tokens: bytes.map { Int($0) }, weights: [0, 1, 1, 1, -0.5]) {
            ids in
            String(decoding: ids.map { UInt8($0) }, as: UTF8.self)
        }
        #expect(text == "h[+é↵\n+][-x-]")
        let coloured = TokenPainter(style: Style(isEnabled: true)).paint([("a", 1), ("b", 2), ("c", 0), ("d", -1)])
        #expect(coloured == "\u{1B}[32mab\u{1B}[0m\u{1B}[33mc\u{1B}[0m\u{1B}[31md\u{1B}[0m")
    }
}

struct TablePrinterTests {
    @Test("numbers stand right, text left, wide characters count double")
    func alignment() {
        let table = TablePrinter(columns: ["name", "n"], rows: [["日本", "1.5"], ["x\ny", "-10"]])
        #expect(table.text() == "name    n\n────  ───\n日本  1.5\nx↵y   -10")
    }

    @Test("a table is narrowed to the terminal, the widest column first, and long ones lose their middle")
    func limits() {
        let table = TablePrinter(
            columns: ["a", "text"], rows: (1...6).map { ["\($0)", String(repeating: "w", count: 50)] }, maxWidth: 12,
            maxRows: 4)
        #expect(
            table.text() == """
                a  text
                ─  ─────────
                1  wwwwwwww…
                2  wwwwwwww…
                … 2 more rows …
                5  wwwwwwww…
                6  wwwwwwww…
                """)
        #expect(TablePrinter(columns: []).text() == "(no columns)")
    }
}

import Display
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
    @Test("neighbours of one tone are one run, newlines are visible, and without colours marks stand around")
    func runs() {
        let text = TokenText(header: "", pieces: [.init("h", 0), .init("é", 1), .init("\n", 2), .init("x", -0.5)])
        #expect(TokenPainter(style: .plain).paint(text) == "h[+é↵\n+][-x-]")
        #expect(
            TokenPainter(style: Style(isEnabled: true)).paint(text)
                == "\u{1B}[33mh\u{1B}[0m\u{1B}[32mé↵\u{1B}[0m\n\u{1B}[31mx\u{1B}[0m")
    }

    @Test("logprobs are coloured by how improbable they are, differences by their sign and size")
    func scales() {
        let surprise = TokenText(
            header: "", scale: .logprob, pieces: [.init("a", -0.1), .init("b", -1), .init("c", -3), .init("d", -9)])
        #expect(surprise.runs.map(\.tone) == [0, -1, -2, -3])
        #expect(TokenPainter(style: .plain).paint(surprise) == "ab[-cd-]")
        let change = TokenText(header: "", scale: .difference, pieces: [.init("a", 2), .init("b", 0.01), .init("c", -0.6)])
        #expect(change.runs.map(\.tone) == [3, 0, -2])
        #expect(TokenPainter(style: .plain).paint(change) == "[+a+]b[-c-]")
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

import Display
import Tensors
import Testing

struct RenderingTests {
    private func text(_ value: DisplayValue, width: Int = 60) -> String { TextRenderer(width: width).text(value) }

    @Test("several short results stand on one line, everything else below each other")
    func results() throws {
        #expect(DisplayValue(results: []) == nil)
        #expect(text(try #require(DisplayValue(results: [.text("1"), .text("2")]))) == "1  2")
        #expect(text(try #require(DisplayValue(results: [.text("a\nb"), .text("2")]))) == "a\nb\n2")
        let mixed = try #require(DisplayValue(results: [.text("1"), .tensor(Tensor([1.0, 2.0] as [Float]))]))
        #expect(text(mixed).hasPrefix("1\n"))
    }

    @Test("a conversation has its roles beside the text, which is broken at blanks")
    func messages() {
        let value = DisplayValue.messages([
            DisplayMessage(role: "user", content: "Why is the sky blue?\nTell me."),
            DisplayMessage(role: "assistant", content: "Because short waves are scattered more.", note: "reward 1"),
        ])
        #expect(
            text(value, width: 36) == """
                     user │ Why is the sky blue?
                          │ Tell me.
                assistant │ Because short waves are
                          │ scattered more.
                          │ reward 1
                """)
    }

    @Test("a pair stands side by side where there is room, else below each other")
    func pair() {
        let value = DisplayValue.pair(
            DisplayPair(title: "Q", left: ("chosen", .text("good and long enough to be broken")), right: ("rejected", .text("bad"))))
        #expect(
            text(value, width: 60)
                == """
                Q
                chosen                       │ rejected
                ──────────────────────────── │ ────────────────────────────
                good and long enough to be   │ bad
                broken
                """.replacing("\nbroken", with: "\nbroken                       │"))
        #expect(text(value, width: 40) == "Q\n── chosen\ngood and long enough to be broken\n── rejected\nbad")
    }

    @Test("long lists of samples and of rows are cut, and say so")
    func floods() {
        let samples = (1...50).map { SampleList.Sample(prompt: "p\($0)", response: "r\n\($0)", reward: Double($0 % 7)) }
        let list = SampleList(samples: samples)
        #expect(text(.samples(list)).split(separator: "\n").count < 30)
        #expect(text(.samples(list)).hasSuffix("… 44 more"))
        #expect(list.sorted(.best).samples.map(\.reward).prefix(2) == [6, 6])
        #expect(list.sorted(.worst).samples.first?.prompt == "p7")
        #expect(list.containing("P49").samples.map(\.prompt) == ["p49"])
        let table = DisplayTable(columns: ["n"], rows: (0..<5000).map { ["\($0)"] })
        #expect(table.rows.count == 2000 && table.omitted.count == 3000)
        #expect(text(.table(table)).contains("… 4960 more rows …"))
    }

    @Test("a colour that is open where a line is broken is closed and opened again")
    func colouredWrap() {
        let lines = TextWrap.lines(Style(isEnabled: true).paint("one two", .red), width: 4)
        #expect(lines == ["\u{1B}[31mone\u{1B}[0m", "\u{1B}[31mtwo\u{1B}[0m"])
        #expect(TextWrap.lines("日本語", width: 4) == ["日本", "語"])
        #expect(TextWrap.lines("abcdefgh", width: 3) == ["abc", "def", "gh"])
    }

    @Test("what goes on of a line of help stands below its text, and on narrow terminals a little further in than the line")
    func prose() {
        #expect(TextWrap.prose("  n  integer: how many there are", width: 20) == "  n  integer: how\n     many there are")
        #expect(TextWrap.prose("  long_name  integer: many", width: 20) == "  long_name\n      integer: many")
        #expect(TextWrap.prose("short\n\n  f(first, second)", width: 14) == "short\n\n  f(first,\n  second)")
        let painted = TextWrap.prose(Style(isEnabled: true).paint("one two three", .red), width: 9)
        #expect(painted == "\u{1B}[31mone two\u{1B}[0m\n    \u{1B}[31mthree\u{1B}[0m")
    }

    @Test("a bundle always holds plain text, and rich forms escape what a model may have said")
    func bundle() {
        let value = DisplayValue.messages([DisplayMessage(role: "user", content: "<script>alert(1)</script>\u{1}")])
        let bundle = MimeBundle(value).data
        #expect(bundle["text/plain"]?.contains("<script>") == true)
        #expect(bundle["text/html"]?.contains("<script>") == false)
        #expect(bundle["text/html"]?.contains("&lt;script&gt;alert(1)&lt;/script&gt;\u{FFFD}") == true)
        #expect(
            MimeBundle(.plot(Plot(series: [.init(y: [1, 2])]))).data.keys.sorted() == ["image/png", "image/svg+xml", "text/plain"])
        #expect(MimeBundle(.text("x")).data == ["text/plain": "x"])
    }

    @Test("nothing is wider than the terminal, at 40, 80 and 200 columns", arguments: [40, 80, 200])
    func widths(columns: Int) {
        let long = String(repeating: "eine lange 日本語 Antwort ", count: 12)
        let messages = DisplayValue.messages([DisplayMessage(role: "assistant", content: long, note: long)])
        let values: [DisplayValue] = [
            messages, .table(DisplayTable(columns: ["a", "b"], rows: [[long, "1"], ["x", long]])),
            .pair(DisplayPair(left: ("chosen", messages), right: ("rejected", .text(long)))),
            .samples(SampleList(title: "t", samples: [.init(prompt: long, response: long, reward: 1, details: [long])])),
            .plot(Plot(series: [.init("a", y: [1, 2]), .init("b", y: [2, 1])], title: "T")),
        ]
        for style in [Style.plain, Style(isEnabled: true)] {
            for value in columns < 60 ? values.filter({ if case .pair = $0 { false } else { true } }) : values {
                let lines = TextRenderer(width: columns, style: style).text(value).split(separator: "\n")
                #expect(lines.allSatisfy { DisplayWidth.of(String($0)) <= columns })
            }
        }
    }

    @Test("a sparkline has the last values between their least and greatest")
    func sparkline() {
        #expect(Sparkline.text([0, 1, 2, 3]) == "▁▃▆█")
        #expect(Sparkline.text([0, 0, .nan, 1, 2, 2, 3, 3], width: 4) == "▁▃▆█")
        #expect(Sparkline.text([1, 1, .nan]) == "▅▅ ")
        #expect(Sparkline.text([]).isEmpty)
    }
}

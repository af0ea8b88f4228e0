import Display
import Foundation
import Testing

struct PlotTests {
    @Test("a plot has a title, labelled axes, curves with gaps and a legend")
    func ascii() {
        let plot = Plot(
            series: [Plot.Series("train", y: [4, 3, nil, 1, 0]), Plot.Series("test", y: [0, 0, 0, 0, 0])], title: "NLL",
            xLabel: "step", yLabel: "nats")
        // Drawn by this program and checked by eye: the gap is free, and the flat curve lies over the zero.
        #expect(
            plot.text(width: 24, height: 5, marks: .ascii) == """
                NLL
                nats
                4 +***
                  |   ***
                2 +
                  |               ***
                0 +ooooooooooooooooooooo
                  +-----+---------+-----
                        2         4
                   step
                   * train   o test
                """)
    }

    @Test("braille dots lie where the values are")
    func braille() {
        #expect(
            Plot(series: [Plot.Series(y: [0, 1])]).text(width: 14, height: 3) == """
                1.0 ┤      ⢀⡠⠔⠊
                0.5 ┤   ⢀⠤⠒⠁
                0.0 ┤⡠⠔⠊⠁
                    └┬────────┬
                     1        2
                """)
    }

    @Test("constant, single and missing values do not break a plot")
    func degenerate() {
        #expect(Plot(series: [Plot.Series(y: [nil, .nan])], title: "T").text() == "T\n(no points to plot)")
        #expect(Plot(series: []).text() == "(no points to plot)")
        #expect(Plot(series: [Plot.Series(y: [5])]).text(height: 5).contains("5 ┤"))
        #expect(Plot(series: [Plot.Series(y: [0, 0])]).text(height: 5).contains("0 ┤⠒"))
        #expect(Plot(series: [Plot.Series(y: [1e-12, 2e9])]).text().isEmpty == false)
    }

    @Test("one point is a small plot with the point's own figures, and steps have whole ticks")
    func fewPoints() {
        #expect(
            Plot(series: [Plot.Series(x: [0], y: [0.90625])]).text(width: 19) == """
                       │
                0.9062 ┤     ⠐
                       │
                       └─────┬─────
                             0
                """)
        let axis = Plot(series: [Plot.Series(x: [0, 1, 2], y: [1, 2, 3])]).text(width: 40).split(separator: "\n").last
        #expect(axis?.split(separator: " ") == ["0", "1", "2"])
    }

    @Test("an SVG file holds a line for each unbroken part and escapes its texts")
    func svg() throws {
        let plot = Plot(series: [Plot.Series("a<b", y: [1, 2, nil, 4, 5, nil, 7])], title: "x & y")
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).svg")
        try plot.writeSVG(to: file)
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.components(separatedBy: "<polyline").count == 3)
        #expect(text.components(separatedBy: "<circle").count == 2)
        #expect(text.contains("x &amp; y") && text.contains("a&lt;b"))
        let parser = XMLCheck(text)
        #expect(parser.isBalanced)
    }
}

/// Whether every element that is opened is closed.
private struct XMLCheck {
    let isBalanced: Bool
    init(_ text: String) {
        var open: [Substring] = []
        for part in text.split(separator: "<").dropFirst(text.hasPrefix("<") ? 0 : 1) {
            let tag = part.prefix { $0 != ">" }
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else {
                    isBalanced = false
                    return
                }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { !$0.isWhitespace })
            }
        }
        isBalanced = open.isEmpty
    }
}

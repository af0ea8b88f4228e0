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

    @Test("a line of very many points looks the same with few of them, its gap among them")
    func thinned() {
        var values: [Double?] = (0..<100_000).map { Double($0 * $0 % 977) }
        values[50_000] = -500
        for index in 30_000..<31_000 { values[index] = nil }
        let all = Plot.Series("a", y: values), few = all.thinned()
        #expect(few.y.count < 12_000 && few.x.first == 1 && few.x.last == 100_000)
        #expect(Plot(series: [few]).text() == Plot(series: [all]).text())
        let circle = Plot.Series(x: (0..<10_000).map { Double($0 % 7) }, y: Array(values.prefix(10_000)))
        #expect(circle.thinned().y.count == 10_000)
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

    @Test("a logarithmic axis has powers of ten, and values without a logarithm are gaps")
    func logarithmic() {
        var plot = Plot(series: [Plot.Series(y: [1, 0, 100, -1, 10_000])])
        plot.yScale = .log
        // Drawn by this program and checked by eye: equal factors are equal steps.
        #expect(
            plot.text(width: 20, height: 5) == """
                10000 ┤            ⠈
                      │
                  100 ┤      ⠐
                      │
                    1 ┤⡀
                      └───┬─────┬───
                          2     4
                """)
        plot.yScale = .linear
        plot.xScale = .log
        #expect(plot.text(width: 40, height: 4).contains("5"))
    }

    @Test("a histogram counts every value once, the greatest too")
    func histogram() {
        let plot = Plot.histogram([("a", [0, 1, 2, 3, 4, .nan]), ("b", [4, 4])], bins: 4)
        #expect(plot.series.map(\.y) == [[1, 1, 1, 2], [0, 0, 0, 2]])
        #expect(plot.series[0].x == [0.5, 1.5, 2.5, 3.5])
        #expect(Plot.histogram([("a", [7, 7])]).series[0].y.compactMap { $0 }.reduce(0, +) == 2)
        #expect(Plot.histogram([("a", [])]).text() == "(no points to plot)")
    }

    @Test("a smoothed curve begins at its first value and keeps the values faintly behind")
    func smoothing() {
        var plot = Plot(series: [Plot.Series("loss", y: [4, 0, 4, 0])])
        plot.smoothing = 0.5
        let svg = plot.svg()
        #expect(svg.components(separatedBy: "stroke-opacity=\"0.3\"").count == 2)
        // (0.5·0 + 0.25·4) / 0.75 = 4/3
        #expect(svg.contains("<title>loss  1: 4</title>") && svg.contains("<title>loss  2: 1.3333</title>"))
    }

    @Test("an SVG holds a line for each unbroken part and escapes its texts; on a page it has the page's colours")
    func svg() {
        let plot = Plot(series: [Plot.Series("a<b", y: [1, 2, nil, 4, 5, nil, 7])], title: "x & y")
        let text = plot.svg()
        #expect(text.components(separatedBy: "stroke-width=\"2\"").count == 3)
        #expect(text.components(separatedBy: "<circle").count == 6)
        #expect(text.contains("x &amp; y") && text.contains("a&lt;b"))
        #expect(XMLCheck(text).isBalanced)
        let page = plot.svg(theme: .page)
        #expect(page.contains("var(--plot-1)") && !page.contains("#ffffff"))
    }

    @Test("a PNG has the size, checksums and pixels that it claims")
    func png() throws {
        let raster = Plot(series: [Plot.Series("a", y: [1, 2])], title: "Title").raster(width: 200, height: 100, scale: 1)
        #expect(raster.pixels.count == 60_000 && raster.pixels.contains { $0 < 100 })
        let bytes = raster.png
        #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
        // The checksum of IEND is the same in every PNG file.
        #expect(bytes.suffix(12) == [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82])
        #expect(bytes[16..<24] == [0, 0, 0, 200, 0, 0, 0, 100])
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

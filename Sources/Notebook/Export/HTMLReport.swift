import Display
internal import Foundation

/// An executed notebook as one page that needs nothing else: readable on a phone, in light and dark, with samples to look through.
struct HTMLReport {
    /// The page.
    let text: String

    init(_ document: NotebookDocument) {
        let items = document.cells.enumerated().map { Self.html($0.element, index: $0.offset, in: document) }
        text = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="generator" content="rlhf-repl">
            <title>\(HTMLText.escaped(document.title))</title>
            <style>\(ReportStyle.css)</style>
            </head>
            <body>
            <main>
            <h1>\(MarkdownHTML.inline(document.title))</h1>
            \(Self.bar(document))
            \(Self.contents(document))
            \(items.joined(separator: "\n"))
            </main>
            <script>\(ReportStyle.script)</script>
            </body>
            </html>

            """
    }

    // MARK: Top

    private static func bar(_ document: NotebookDocument) -> String {
        let runs = document.cells.compactMap(\.execution)
        let failed = runs.count { $0.ending != .ok }
        var facts = ["\(runs.count) \(runs.count == 1 ? "cell" : "cells") run"]
        if failed > 0 { facts.append("<span class=\"bad\">\(failed) failed</span>") }
        let notRun = document.cells.count { $0.cell.isCode && $0.execution == nil }
        if notRun > 0 { facts.append("\(notRun) not run") }
        facts.append(duration(runs.reduce(0) { $0 + $1.seconds }))
        return "<p class=\"bar\"><span>\(facts.joined(separator: " · "))</span>"
            + "<button type=\"button\" data-toggle=\"code\" aria-pressed=\"false\">hide code</button></p>"
    }

    /// Links to the titled cells, where there are enough to get lost.
    private static func contents(_ document: NotebookDocument) -> String {
        let titles = document.cells.enumerated().compactMap { index, item -> String? in
            let title = item.cell.title.drop { $0 == "#" || $0 == " " }
            guard !title.isEmpty else { return nil }
            let mark = item.execution.map { $0.ending == .ok ? "" : " <span class=\"bad\">✗</span>" } ?? ""
            return "<li><a href=\"#cell-\(index)\">\(HTMLText.escaped(String(title)))</a>\(mark)</li>"
        }
        guard titles.count >= 4 else { return "" }
        return "<details class=\"contents\"><summary>Contents</summary><ol>\(titles.joined())</ol></details>"
    }

    // MARK: Cells

    private static func html(_ item: NotebookDocument.Cell, index: Int, in document: NotebookDocument) -> String {
        switch item.cell.kind {
        case .markdown:
            // The page's title stands at its top already.
            var prose = item.cell.allProse
            if index == 0, prose.hasPrefix("# \(document.title)") { prose = String(prose.dropFirst(document.title.count + 2)) }
            return "<section class=\"prose\" id=\"cell-\(index)\">\(MarkdownHTML.html(prose))</section>"
        case .raw: return "<section class=\"prose\" id=\"cell-\(index)\"><pre>\(HTMLText.escaped(item.cell.source))</pre></section>"
        case .code: break
        }
        let outputs = (item.execution?.outputs ?? []).map { output($0, in: document) }.joined(separator: "\n")
        return """
            <section class="cell" id="cell-\(index)">
            <header><h3>\(HTMLText.escaped(item.cell.title))</h3><span class="facts">\(facts(item))</span></header>
            <pre class="code"><code>\(LuaHighlighter.html(item.cell.source))</code></pre>
            \(outputs.isEmpty ? "" : "<div class=\"outputs\">\(outputs)</div>")
            </section>
            """
    }

    private static func facts(_ item: NotebookDocument.Cell) -> String {
        guard let execution = item.execution else { return "not run" }
        var facts = ["[\(execution.number)]", duration(execution.seconds)]
        if let ending = execution.ending, ending != .ok { facts.append("<span class=\"bad\">\(ending.rawValue)</span>") }
        if item.isStale { facts.append("<span class=\"stale\">stale</span>") }
        return facts.joined(separator: " · ")
    }

    private static func output(_ output: CellOutput, in document: NotebookDocument) -> String {
        switch output {
        case .printed(let text): return "<pre class=\"printed\">\(HTMLText.escaped(text.droppingLastNewline))</pre>"
        case .display(let value), .result(let value):
            return "<div class=\"display\">\(HTMLRenderer { $0.svg(theme: .page) }.html(value))</div>"
        case .error(let error):
            return "<pre class=\"error\">\(Self.html(report: document.report(error)))</pre>"
        }
    }

    private static func duration(_ seconds: Double) -> String {
        if seconds < 0.0995 { return String(format: "%.0f ms", seconds * 1000) }
        if seconds < 60 { return String(format: seconds < 10 ? "%.1f s" : "%.0f s", seconds) }
        let whole = Int(seconds.rounded())
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
    }

    /// An error's report: lines of source stay whole, with their carets below them, and the rest is broken where it has to be.
    private static func html(report: String) -> String {
        var parts: [(isSource: Bool, text: String)] = []
        for line in report.split(separator: "\n", omittingEmptySubsequences: false) {
            let isSource = line.firstMatch(of: /^[ →]*\d* │/) != nil
            if let last = parts.last, last.isSource == isSource {
                parts[parts.count - 1].text += "\n" + line
            } else {
                parts.append((isSource, String(line)))
            }
        }
        return parts.map { part in
            let text = HTMLText.escaped(part.text)
            return part.isSource ? "<span class=\"source\">\(text)</span>" : "<span>\(text)</span>"
        }.joined()
    }
}

extension String {
    fileprivate var droppingLastNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}

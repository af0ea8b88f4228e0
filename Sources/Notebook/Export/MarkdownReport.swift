import Display
internal import Foundation

/// An executed notebook in Markdown; plots are pictures in a folder beside it.
struct MarkdownReport {
    /// The document.
    private(set) var text = ""
    /// The pictures, by their paths from the document's folder.
    private(set) var pictures: [(path: String, data: Data)] = []
    private let pictureFolder: String

    init(_ document: NotebookDocument, pictureFolder: String) {
        self.pictureFolder = pictureFolder
        if !document.cells.contains(where: { $0.cell.kind == .markdown && $0.cell.allProse.hasPrefix("# ") }) {
            text += "# \(document.title)\n\n"
        }
        for item in document.cells {
            switch item.cell.kind {
            case .markdown: text += item.cell.allProse + "\n\n"
            case .raw: text += fenced(item.cell.source)
            case .code: add(item, in: document)
            }
        }
        while text.hasSuffix("\n\n") { text.removeLast() }
    }

    private mutating func add(_ item: NotebookDocument.Cell, in document: NotebookDocument) {
        if !item.cell.title.isEmpty { text += "### \(item.cell.title)\n\n" }
        text += fenced(item.cell.source, "lua")
        guard let execution = item.execution else { return }
        for output in execution.outputs {
            switch output {
            case .printed(let printed): text += fenced(printed, "text")
            case .display(let value), .result(let value): add(value)
            case .error(let error): text += fenced(document.report(error), "text")
            }
        }
    }

    private mutating func add(_ value: DisplayValue) {
        switch value {
        case .table(let table): text += Self.table(table)
        case .plot(let plot):
            let path = "\(pictureFolder)/plot-\(pictures.count + 1).svg"
            pictures.append((path, Data(plot.svg().utf8)))
            text += "![\(plot.title)](\(path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path))\n\n"
        case .group(let title, let parts):
            if !title.isEmpty { text += "**\(Self.escaped(title))**\n\n" }
            for part in parts { add(part) }
        case .text, .tokens, .messages, .pair, .tensor, .samples: text += fenced(TextRenderer(width: 100).text(value), "text")
        }
    }

    /// A block whose fence is longer than any in the text.
    private func fenced(_ text: String, _ language: String = "") -> String {
        var fence = "```"
        while text.contains(fence) { fence += "`" }
        return "\(fence)\(language)\n\(text)\(text.hasSuffix("\n") ? "" : "\n")\(fence)\n\n"
    }

    private static func table(_ table: DisplayTable) -> String {
        func row(_ cells: [String]) -> String { "| " + cells.map(escaped).joined(separator: " | ") + " |\n" }
        let rule = "|" + table.isNumeric.map { $0 ? " ---: |" : " --- |" }.joined() + "\n"
        var rows = table.rows.map { cells in row(table.columns.indices.map { $0 < cells.count ? cells[$0] : "" }) }
        if table.omitted.count > 0 { rows.insert(row(["… \(table.omitted.count) more rows …"]), at: table.omitted.after) }
        return row(table.columns) + rule + rows.joined() + "\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("|", with: "\\|").replacing("\n", with: " ").replacing("<", with: "&lt;")
    }
}

extension ScriptCell {
    /// A prose cell's text; its title is a heading of it.
    var allProse: String {
        guard !title.isEmpty else { return source }
        return (title.hasPrefix("#") ? title : "## \(title)") + "\n\n" + source
    }
}

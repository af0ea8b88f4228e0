internal import Foundation
import JSON

extension IPythonNotebook {
    /// The cells of a notebook's file, of version 4, as a script. Throws a `NotebookError` that says what is wrong with it.
    static func script(_ data: Data, path: String) throws -> Script {
        let notebook: JSONValue
        do { notebook = try JSONValue(parsing: Array(data)) } catch {
            throw NotebookError.scriptUnreadable(path: path, reason: "it is no notebook: \(error)")
        }
        guard let items = notebook["cells"]?.array, notebook["nbformat"]?.number?.integer == 4 else {
            throw NotebookError.scriptUnreadable(path: path, reason: "it is no notebook of version 4")
        }
        let language =
            notebook["metadata"]?["language_info"]?["name"]?.string ?? notebook["metadata"]?["kernelspec"]?["language"]?.string
        if let language, language.lowercased() != "lua" {
            throw NotebookError.scriptUnreadable(path: path, reason: "it is a notebook in \(language), not in Lua")
        }
        var cells: [ScriptCell] = []
        var lines: [String] = []
        for (index, item) in items.enumerated() {
            guard let source = text(item["source"]), let kind = item["cell_type"]?.string.flatMap(ScriptCell.Kind.init) else {
                throw NotebookError.scriptUnreadable(path: path, reason: "cell \(index + 1) has no text or is of an unknown type")
            }
            let cell = cell(source, kind, item["metadata"]?.object ?? [:], firstLine: lines.count + 1)
            cells.append(cell)
            lines += [marker(cell)] + cell.source.components(separatedBy: "\n") + [""]
        }
        return Script(path: path, header: header(notebook["metadata"]), cells: cells, lines: lines)
    }

    /// Texts are written whole or as lists of lines.
    private static func text(_ value: JSONValue?) -> String? {
        value?.string ?? value?.array.map { $0.compactMap(\.string).joined() }
    }

    private static func cell(
        _ source: String, _ kind: ScriptCell.Kind, _ metadata: [String: JSONValue], firstLine: Int
    ) -> ScriptCell {
        var metadata = metadata
        let title = metadata.removeValue(forKey: "title")?.string ?? ""
        let depth = metadata.removeValue(forKey: "cell_depth")?.number?.integer ?? 0
        let count = source.components(separatedBy: "\n").count
        return ScriptCell(
            title: title, kind: kind, depth: depth, metadata: metadata, source: source,
            lines: firstLine...firstLine + count + 1, firstSourceLine: firstLine + 1)
    }

    private static func marker(_ cell: ScriptCell) -> String {
        let kind = cell.isCode ? "" : " [\(cell.kind.rawValue)]"
        return "-- %%" + String(repeating: "%", count: cell.depth) + (cell.title.isEmpty ? "" : " " + cell.title) + kind
    }

    private static func header(_ metadata: JSONValue?) -> [String] {
        guard case .object(let members)? = metadata else { return [] }
        return HeaderYAML.lines(members.filter { $0.key != "language_info" })
    }
}

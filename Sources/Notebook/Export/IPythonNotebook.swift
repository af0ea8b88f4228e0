import Display
internal import Foundation
import JSON
internal import LuaRuntime

/// A Jupyter notebook (nbformat 4.5), its metadata as Jupytext makes them of the same script.
enum IPythonNotebook {
    /// The notebook's file.
    static func text(_ document: NotebookDocument) -> String {
        var ids = CellIdentifiers()
        let cells = document.cells.map { cell(of: $0, id: ids.next($0.cell), in: document) }
        let notebook: JSONValue = [
            "cells": .array(cells), "metadata": metadata(document.header), "nbformat": .number(.init(4)),
            "nbformat_minor": .number(.init(5)),
        ]
        return notebook.prettyText() + "\n"
    }

    // MARK: Cells

    private static func cell(of item: NotebookDocument.Cell, id: String, in document: NotebookDocument) -> JSONValue {
        let cell = item.cell
        var members = [JSONValue.Member("cell_type", .string(cell.kind.rawValue))]
        if cell.isCode { members.append(.init("execution_count", item.execution.map { .number(.init($0.number)) } ?? .null)) }
        members.append(.init("id", .string(id)))
        members.append(.init("metadata", metadata(cell)))
        if cell.isCode {
            members.append(
                .init("outputs", .array((item.execution?.outputs ?? []).map { output($0, of: item.execution, in: document) })))
        }
        members.append(.init("source", .lines(cell.source)))
        return .object(members)
    }

    private static func metadata(_ cell: ScriptCell) -> JSONValue {
        var members = cell.metadata.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value) }
        if !cell.title.isEmpty { members.append(.init("title", .string(cell.title))) }
        if cell.depth > 0 { members.append(.init("cell_depth", .number(.init(cell.depth)))) }
        return .object(members)
    }

    private static func output(_ output: CellOutput, of execution: Execution?, in document: NotebookDocument) -> JSONValue {
        switch output {
        case .printed(let text): ["name": "stdout", "output_type": "stream", "text": .lines(text)]
        case .display(let value): ["data": data(value), "metadata": [:], "output_type": "display_data"]
        case .result(let value):
            [
                "data": data(value), "execution_count": execution.map { .number(.init($0.number)) } ?? .null, "metadata": [:],
                "output_type": "execute_result",
            ]
        case .error(let error):
            [
                "ename": .string(error.kind), "evalue": .string(error.message), "output_type": "error",
                "traceback": .array(document.report(error).split(separator: "\n").map { .string(String($0)) }),
            ]
        }
    }

    private static func data(_ value: DisplayValue) -> JSONValue {
        let forms = MimeBundle(value).data.sorted { $0.key < $1.key }
        return .object(forms.map { .init($0.key, $0.key == "image/png" ? .string($0.value) : .lines($0.value)) })
    }

    // MARK: Notebook

    /// What the header says, and the kernel where it names none.
    private static func metadata(_ header: [String]) -> JSONValue {
        var members = HeaderYAML.members(header)
        if !members.contains(where: { $0.key == "kernelspec" }) {
            members.append(
                .init("kernelspec", ["display_name": "rlhf-repl (Lua)", "language": "lua", "name": "rlhf-repl"]))
        }
        members.append(
            .init(
                "language_info", ["file_extension": ".lua", "mimetype": "text/x-lua", "name": "lua", "pygments_lexer": "lua"]))
        return .object(members.sorted { $0.key < $1.key })
    }
}

/// Names of cells that stay the same as long as the cell does: its title or first words, and a hash of its text.
private struct CellIdentifiers {
    private var seen: [String: Int] = [:]

    mutating func next(_ cell: ScriptCell) -> String {
        let text = "\(cell.kind.rawValue)\n\(cell.title)\n\(cell.source)"
        let ordinal = seen[text, default: 0]
        seen[text] = ordinal + 1
        // FNV-1a: any hash will do that is the same tomorrow, which Swift's own is not.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(text)\n\(ordinal)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(format: "%08x", UInt32(truncatingIfNeeded: hash ^ hash >> 32))
        let words = (cell.title.isEmpty ? cell.kind.rawValue : cell.title).lowercased().unicodeScalars
            .map { ("a"..."z").contains($0) || ("0"..."9").contains($0) ? Character($0) : "-" }
        let slug = String(words).split(separator: "-").joined(separator: "-").prefix(40)
        return slug.isEmpty ? "cell-\(digits)" : "\(slug)-\(digits)"
    }
}

import Display
import Foundation
import JSON
import LuaBindings
import LuaRuntime
import Notebook
import TestSupport
import Testing

/// A notebook with a folder of its own, and a binding that shows one of everything.
private final class ExportDesk {
    let notebook: Notebook
    let folder = ScratchFolder.url.appending(path: "export-\(UUID().uuidString)")

    init(script: String? = nil) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        notebook = try Notebook(state: LuaState(), view: NotebookView(write: { _ in }, note: { _ in }))
        notebook.isQuiet = true
        var registry = Registry()
        registry.add(notebook.bindings)
        registry.addPlot { _ in }
        registry.add(
            FunctionBinding("samples", doc: "Shows samples.") { call in
                let samples = (1...5).map {
                    SampleList.Sample(prompt: "p\($0)", response: "<b>r\($0)</b>", reward: Double($0))
                }
                call.state.show(.samples(SampleList(title: "step 1", samples: samples)))
                call.state.show(.table(DisplayTable(columns: ["a", "n"], rows: [["x|y", "1"]])))
                return .nothing
            })
        try registry.install(into: notebook.state)
        if let script { notebook.open(Script(text: script, path: "demo.lua")) }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func export(_ name: String) throws -> String {
        let file = folder.appending(path: name)
        try notebook.export(to: file.path)
        return try String(contentsOf: file, encoding: .utf8)
    }
}

struct ExportTests {
    private let script = """
        -- %% [markdown] # Title & more
        -- Some **prose** with `code`.
        --
        -- - one
        -- - two

        -- %% First {"tags": ["setup"]}
        print("hello")
        1 + 1

        -- %%% Deeper
        plot({1, 2, 3}, {title = "A plot"})
        samples()

        -- %% Fails
        error("broken")

        -- %% Never
        print("never")
        """

    private func executed() throws -> ExportDesk {
        let desk = try ExportDesk(script: script)
        _ = try desk.notebook.runCells([1, 2, 3])
        desk.notebook.runEntry("print('at the prompt')")
        return desk
    }

    @Test("a notebook has the cells, outputs, counts and ids that nbformat 4.5 asks for")
    func notebook() throws {
        let desk = try executed()
        let value = try JSONValue(parsing: Array(desk.export("a.ipynb").utf8))
        #expect(value["nbformat"]?.number?.integer == 4 && value["nbformat_minor"]?.number?.integer == 5)
        #expect(value["metadata"]?["kernelspec"]?["name"]?.string == "rlhf-repl")
        let cells = try #require(value["cells"]?.array)
        #expect(cells.map { $0["cell_type"]?.string } == ["markdown", "code", "code", "code", "code", "code"])
        for cell in cells {
            let id = try #require(cell["id"]?.string)
            #expect((1...64).contains(id.count) && id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
            let keys = Set(try #require(cell.object).keys)
            let common: Set = ["id", "cell_type", "metadata", "source"]
            #expect(keys == (cell["cell_type"]?.string == "code" ? common.union(["execution_count", "outputs"]) : common))
        }
        #expect(Set(cells.compactMap { $0["id"]?.string }).count == cells.count)
        #expect(cells[1]["metadata"]?["title"]?.string == "First" && cells[1]["metadata"]?["tags"]?.array == ["setup"])
        #expect(cells[2]["metadata"]?["cell_depth"]?.number?.integer == 1)
        #expect(cells[1]["source"]?.array == ["print(\"hello\")\n", "1 + 1"])
        let outputs = cells.map { $0["outputs"]?.array?.compactMap { $0["output_type"]?.string } ?? [] }
        #expect(
            outputs == [
                [], ["stream", "execute_result"], ["display_data", "display_data", "display_data"], ["error"], ["stream"], [],
            ])
        #expect(cells.map { $0["execution_count"]?.number?.integer } == [nil, 1, 2, 3, 4, nil])
        let plot = cells[2]["outputs"]?.array?[0]["data"]?.object
        #expect(plot.map { Set($0.keys) } == ["image/png", "image/svg+xml", "text/plain"])
        #expect(cells[3]["outputs"]?.array?[0]["evalue"]?.string == "broken")
    }

    @Test("ids stay when outputs change, and equal cells have ids of their own")
    func identifiers() throws {
        let text = "-- %% A\nx = 1\n-- %% B\nos.time()\n-- %% A\nx = 1\n"
        func ids(_ run: Bool) throws -> [String] {
            let desk = try ExportDesk(script: text)
            if run { _ = try desk.notebook.runCells([1, 2, 3]) }
            let cells = try JSONValue(parsing: Array(desk.export("a.ipynb").utf8))["cells"]?.array ?? []
            return cells.compactMap { $0["id"]?.string }
        }
        let before = try ids(false)
        #expect(try ids(true) == before)
        #expect(Set(before).count == 3)
        #expect(before[0].hasPrefix("a-"))
    }

    @Test("an exported notebook opens with the same cells as the script that it came from")
    func reopening() throws {
        let desk = try ExportDesk(script: "-- ---\n-- jupyter:\n--   kernelspec:\n--     name: 'lua'\n-- ---\n\n" + script)
        _ = try desk.export("a.ipynb")
        let script = try #require(desk.notebook.script)
        let again = try Script(contentsOf: desk.folder.appending(path: "a.ipynb").path)
        #expect(again.cells.count == script.cells.count)
        for (new, old) in zip(again.cells, script.cells) {
            #expect(new.source == old.source && new.title == old.title && new.kind == old.kind)
            #expect(new.depth == old.depth && new.metadata == old.metadata)
        }
        #expect(again.isNotebook && again.header.contains("    name: lua"))
        desk.notebook.open(again)
        #expect(try desk.notebook.runCell(1).ending == .ok)
    }

    @Test("what is no notebook in Lua is refused with the reason")
    func notNotebooks() throws {
        let desk = try ExportDesk()
        for (text, reason) in [
            ("{}", "no notebook of version 4"), ("nonsense", "no notebook"),
            (#"{"nbformat": 4, "cells": [], "metadata": {"language_info": {"name": "python"}}}"#, "a notebook in python"),
            (#"{"nbformat": 4, "cells": [{"cell_type": "code"}]}"#, "cell 1 has no text"),
        ] {
            let file = desk.folder.appending(path: "x.ipynb")
            try Data(text.utf8).write(to: file)
            let error = #expect(throws: NotebookError.self) { try Script(contentsOf: file.path) }
            #expect(error?.message.contains(reason) == true)
        }
    }

    @Test("a page needs nothing else, shows what a model said as text, and holds everything that was shown")
    func page() throws {
        let page = try executed().export("a.html")
        #expect(page.hasPrefix("<!doctype html>"))
        #expect(page.contains("<title>Title &amp; more</title>"))
        #expect(!page.contains("src=") && !page.contains("<link") && !page.contains("url("))
        #expect(page.contains("<strong>prose</strong>") && page.contains("<li>one</li>"))
        #expect(page.contains("<svg") && page.contains("var(--plot-1)"))
        #expect(page.contains("&lt;b&gt;r5&lt;/b&gt;") && !page.contains("<b>r5</b>"))
        #expect(page.contains("data-reward=\"5.0\""))
        #expect(page.contains("1 failed") && page.contains("1 not run") && page.contains("broken"))
        #expect(page.contains("at the prompt"))
    }

    @Test("prose becomes headings, lists, tables, quotes and code, and HTML in it is shown and not obeyed")
    func prose() throws {
        let desk = try ExportDesk(
            script: """
                -- %% [markdown]
                -- ## Part *two*
                -- 1. first
                --    goes on
                -- 2. second with [a link](https://example.org) and [no link](javascript:alert)
                --
                -- | a | b |
                -- |---|--:|
                -- | 1 | `x` |
                --
                -- > quoted
                --
                -- ```lua
                -- # no heading <b>
                -- ```
                -- snake_case_name <img src=x> 2 * 3 * 4
                """)
        let page = try desk.export("p.html")
        for part in [
            "<h2>Part <em>two</em></h2>", "<ol><li>first\ngoes on</li><li>second with <a href=\"https://example.org\">a link</a>",
            "<tr><td> 1</td><td> <code>x</code></td></tr>", "<blockquote><p>quoted</p></blockquote>",
            "<pre><code># no heading &lt;b&gt;</code></pre>", "<p>snake_case_name &lt;img src=x&gt; 2 * 3 * 4</p>",
        ] { #expect(page.contains(part), "\(part)") }
        #expect(!page.contains("href=\"javascript"))
    }

    @Test("Markdown has its plots as files beside it")
    func markdown() throws {
        let desk = try executed()
        let text = try desk.export("a.md")
        #expect(text.contains("# Title & more\n") && text.contains("```lua\nprint(\"hello\")\n1 + 1\n```"))
        #expect(text.contains("![A plot](a_files/plot-1.svg)"))
        #expect(text.contains("| a | n |\n| --- | ---: |\n| x\\|y | 1 |"))
        #expect(FileManager.default.fileExists(atPath: desk.folder.appending(path: "a_files/plot-1.svg").path))
    }

    @Test("a transcript is kept in the folders of the session's runs, too")
    func transcripts() throws {
        let desk = try ExportDesk()
        let run = desk.folder.appending(path: "run")
        try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
        let transcript = Transcript(folder: desk.folder)
        transcript.runFolders = { [run.path, run.path + "-gone"] }
        desk.notebook.transcript = transcript
        desk.notebook.runEntry("print('first')")
        desk.notebook.runEntry("print('second')")
        let names = try FileManager.default.contentsOfDirectory(atPath: run.path)
        #expect(names == ["transcript-" + transcript.file.lastPathComponent])
        let copy = try String(contentsOf: run.appending(path: names[0]), encoding: .utf8)
        #expect(copy == (try String(contentsOf: transcript.file, encoding: .utf8)) && copy.contains("--out| second"))
    }

    @Test("an error that begins in another cell keeps its place in the export")
    func errorPlaces() throws {
        let desk = try ExportDesk(script: "-- %% Define\nfunction f() error('deep') end\n-- %% Use\nf()\n")
        _ = try desk.notebook.runCells([1, 2])
        #expect(try desk.export("a.md").contains("error in cell 1 \"Define\", demo.lua:2"))
    }

    @Test("keys written into a cell appear in no export")
    func keys() throws {
        let desk = try ExportDesk()
        desk.notebook.runEntry("local c = {api_key = 'sk-very-secret'}; print([[api_key = \"sk-very-secret\"]])")
        desk.notebook.runEntry("local c = {api_key = 'sk-very-secret'}; error('failed')")
        for name in ["a.ipynb", "a.html", "a.md"] {
            let text = try desk.export(name)
            #expect(!text.contains("very-secret") && text.contains("left out"))
        }
    }

    @Test("%save and %export write by the file's ending, overwrite only what they wrote, and name the endings")
    func commands() throws {
        let desk = try executed()
        let path = desk.folder.appending(path: "s.html").path
        #expect(desk.notebook.runEntry("%save \(path)"))
        #expect(desk.notebook.runEntry("%export \(path)"))
        let foreign = desk.folder.appending(path: "foreign.md")
        try Data("mine".utf8).write(to: foreign)
        #expect(!desk.notebook.runEntry("%export \(foreign.path)"))
        #expect(try String(contentsOf: foreign, encoding: .utf8) == "mine")
        #expect(throws: NotebookError.exportFormat(path: "x.pdf")) { try desk.notebook.export(to: "x.pdf") }
    }
}

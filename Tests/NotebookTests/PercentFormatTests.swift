import JSON
import Notebook
import Testing

/// Expected cells are Jupytext 1.19's (`jupytext.reads(text, {"extension": ".lua", "format_name": "percent"})`). The reader was also
/// compared with it on 8000 random files made of such lines.
struct PercentFormatTests {
    /// Kind, title, depth and source of each cell.
    private func cells(_ text: String) -> [String] {
        Script(text: text).cells.map { "\($0.kind.rawValue)|\($0.title)|\($0.depth)|\($0.source)" }
    }

    @Test(
        "markers begin cells with a kind, a title and a depth",
        arguments: [
            ("-- %% Title\nx", ["code|Title|0|x"]),
            ("-- %%\nx", ["code||0|x"]),
            ("--%% A\nx\n--%%\ny", ["code|A|0|x", "code||0|y"]),
            ("  -- %% Indented\nx", ["code|Indented|0|x"]),
            ("-- %%\tTab\nx", ["code|Tab|0|x"]),
            ("-- %%% Sub\nx", ["code|Sub|1|x"]),
            ("-- %%%% Sub\nx", ["code|Sub|2|x"]),
            ("-- %%%\nx", ["code||0|-- %%%\nx"]),
            ("-- %%x\ny", ["code||0|-- %%x\ny"]),
            ("-- <codecell>\nx\n-- In[12]:\ny\n-- In[ ]\nz", ["code||0|x", "code||0|y", "code||0|z"]),
            ("-- %% [markdown] Intro\n-- Some *text*\n--\n-- - item", ["markdown|Intro|0|Some *text*\n\n- item"]),
            ("-- %% Intro [md]\n-- a", ["markdown|Intro|0|a"]),
            ("-- %% [raw]\n-- a\nb", ["raw||0|a\nb"]),
            ("x = 1\n-- %% B\ny", ["code||0|x = 1", "code|B|0|y"]),
            ("", []),
        ])
    func markers(text: String, expected: [String]) {
        #expect(cells(text + "\n") == expected)
    }

    @Test(
        "blank lines between cells separate: one, or exactly two; of three two belong to the cell",
        arguments: [("", "x"), ("\n", "x"), ("\n\n", "x"), ("\n\n\n", "x\n\n"), ("  \n", "x\n  ")])
    func blankLines(blank: String, source: String) {
        #expect(cells("-- %%\nx\n\(blank)-- %%\ny\n") == ["code||0|\(source)", "code||0|y"])
    }

    @Test("a marker inside a long string or comment splits, one inside tripled quotes or a fence of prose does not")
    func strings() {
        #expect(cells("s = [[\n-- %% A\n]]\n") == ["code||0|s = [[", "code|A|0|]]"])
        #expect(cells("s = \"\"\"\n-- %% A\n\"\"\"\n") == ["code||0|s = \"\"\"\n-- %% A\n\"\"\""])
        #expect(cells("y = \"it's\" -- don't\n-- %% A\nx\n") == ["code||0|y = \"it's\" -- don't", "code|A|0|x"])
        #expect(
            cells("-- %% [md]\n-- ```mermaid\n-- %% no cell\n-- ```\n-- %% A\nx\n")
                == ["markdown||0|```mermaid\n%% no cell\n```", "code|A|0|x"])
        #expect(cells("-- %% [md]\n-- ```open\n-- %% A\nx\n") == ["markdown||0|```open", "code|A|0|x"])
    }

    @Test("options are JSON or key=value")
    func metadata() {
        func metadata(_ line: String) -> [String: JSONValue] { Script(text: line + "\nx\n").cells[0].metadata }
        #expect(metadata("-- %% T {\"tags\": [\"a\"], \"n\": 1}") == ["tags": .array([.string("a")]), "n": .number(1)])
        #expect(metadata("-- %% [markdown] {\"a\": {\"b\": null}}") == ["a": ["b": .null]])
        #expect(metadata("-- %% My title key=\"v w\" other=2") == ["key": .string("v w"), "other": .number(2)])
        #expect(Script(text: "-- %% My title key=\"v w\" other=2\n").cells[0].title == "My title")
        #expect(metadata("-- %% T flag=True name='x'") == ["flag": .bool(true), "name": .string("x")])
        #expect(metadata("-- %% T {broken") == ["incorrectly_encoded_metadata": .string("{broken")])
    }

    @Test("a header of YAML is no cell, and lines keep their numbers")
    func header() {
        let script = Script(
            text: "#!/usr/bin/env rlhf-repl\n-- ---\n-- jupyter:\n--   a: 1\n-- ---\n\n-- %% A\nx\ny\n\n-- %% B\n\nz\n")
        #expect(script.header == ["jupyter:", "  a: 1"])
        #expect(script.cells.map(\.lines) == [7...10, 11...13])
        #expect(script.cells.map(\.firstSourceLine) == [8, 12])
        #expect(script.cells.map(\.source) == ["x\ny", "\nz"])
        #expect(Script(text: "-- %% A\r\nx\r\n-- %% B\r\ny").cells.map(\.source) == ["x", "y"])
    }
}

struct CellSelectionTests {
    @Test(
        "cells are chosen by numbers and ranges",
        arguments: [
            ("3", [3]), ("1,3-5", [1, 3, 4, 5]), ("4-", [4, 5]), ("-2", [1, 2]), ("5,1,1", [1, 5]),
            ("all", [1, 2, 3, 4, 5]),
        ])
    func numbers(text: String, expected: [Int]) throws {
        #expect(try CellSelection(text).numbers(count: 5) == expected)
    }

    @Test("what names no cells is an error", arguments: ["", "x", "0", "3-1", "1,,2", "-", "1-2-3", "+1"])
    func wrong(text: String) {
        #expect(throws: NotebookError.cellSelection(text)) { try CellSelection(text) }
    }

    @Test("a cell beyond the last is an error")
    func beyond() throws {
        #expect(throws: NotebookError.noSuchCell(number: 6, count: 5)) { try CellSelection("2-6").numbers(count: 5) }
    }
}

struct ScriptParametersTests {
    typealias Value = ScriptParameters.Value

    @Test(
        "settings take the type of the default",
        arguments: [
            ("4", .integer(40), .integer(4)), ("1e-4", .number(1), .number(1e-4)), ("3", .number(1), .number(3)),
            ("yes", .bool(false), .bool(true)), ("off", .bool(true), .bool(false)), ("7", .string("a"), .string("7")),
            ("a=b", .string(""), .string("a=b")), ("1,2", .list([.integer(0)]), .list([.integer(1), .integer(2)])),
            ("", .list([.string("x")]), .list([])),
        ] as [(String, Value, Value)])
    func types(text: String, fallback: Value, expected: Value) throws {
        #expect(try ScriptParameters(["p=\(text)"]).value(for: "p", default: fallback) == expected)
    }

    @Test(
        "a value of another type is an error",
        arguments: [
            ("4.5", .integer(1)), ("x", .number(1)), ("maybe", .bool(true)), ("1,x", .list([.integer(1)])),
            ("nan", .number(1)),
        ]
            as [(String, Value)])
    func mismatch(text: String, fallback: Value) throws {
        let parameters = try ScriptParameters(["p=\(text)"])
        #expect(throws: NotebookError.self) { try parameters.value(for: "p", default: fallback) }
    }

    @Test("names nobody declared are errors with near matches")
    func unknown() throws {
        var parameters = try ScriptParameters(["learning_rat=1", "steps=2", "steps=3"])
        parameters.declare(["learning_rate", "steps"])
        #expect(try parameters.value(for: "steps", default: .integer(1)) == .integer(3))
        let error = #expect(throws: NotebookError.self) { try parameters.checkUnknown() }
        #expect(error?.message == "unknown parameter 'learning_rat'")
        #expect(error?.hint == "did you mean 'learning_rate'?")
        #expect(throws: NotebookError.badSetting("novalue")) { try ScriptParameters(["novalue"]) }
    }
}

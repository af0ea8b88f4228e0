import Display
import LuaBindings
import LuaRuntime
import Notebook
import Testing

struct OutputTests {
    private func notebook() throws -> Notebook {
        try Notebook(state: LuaState(), view: NotebookView(write: { _ in }, note: { _ in }))
    }

    private func kinds(_ execution: Execution) -> [String] {
        execution.outputs.map {
            switch $0 {
            case .printed(let text): "printed \(text)"
            case .display(let value): "display \(TextRenderer().text(value))"
            case .result(let value): "result \(TextRenderer().text(value))"
            case .error(let error): "error \(error.message)"
            }
        }
    }

    @Test("an execution keeps what it has printed, shown, resulted in and failed with, in order")
    func order() throws {
        let notebook = try notebook()
        let state = notebook.state
        var registry = Registry()
        registry.add(
            FunctionBinding("show", doc: "Shows.") { call in
                call.state.show(.table(DisplayTable(columns: ["a"], rows: [["1"]])))
                return .nothing
            })
        try registry.install(into: state)
        #expect(
            kinds(notebook.run("print(1) print(2) show() print(3) return 'v'"))
                == ["printed 1\n2\n", "display a\n─\n1", "printed 3\n", "result \"v\""])
        #expect(kinds(notebook.run("print(1) error('no')")) == ["printed 1\n", "error no"])
        #expect(kinds(notebook.run("1 + 1;")).isEmpty)
    }

    @Test("what is cleared is not kept; with waiting only once there is something in its place")
    func clear() throws {
        let notebook = try notebook()
        var registry = Registry()
        registry.add(
            FunctionBinding("clear", doc: "Clears.") { call in
                call.state.clearDisplay?(call[0].boolean ?? false)
                return .nothing
            })
        try registry.install(into: notebook.state)
        #expect(kinds(notebook.run("print(1) clear() print(2)")) == ["printed 2\n"])
        #expect(kinds(notebook.run("print(1) clear(true)")) == ["printed 1\n"])
        #expect(kinds(notebook.run("print(1) clear(true) print(2) print(3)")) == ["printed 2\n3\n"])
    }

    @Test("a flood of text and of displays is cut, and the cut is told")
    func flood() throws {
        let notebook = try notebook()
        let execution = notebook.run("for i = 1, 1000 do print(('x'):rep(1000)) end")
        guard case .printed(let text)? = execution.outputs.first else {
            Issue.record("nothing was printed")
            return
        }
        #expect(execution.outputs.count == 1)
        #expect(text.utf8.count < 263_000)
        #expect(text.hasSuffix("… only the first 256 KiB of this cell's text are kept …\n"))
    }
}

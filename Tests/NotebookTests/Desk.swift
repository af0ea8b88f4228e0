import LuaBindings
import LuaRuntime
import Notebook
import Testing

/// A notebook whose texts are collected.
final class Desk {
    let notebook: Notebook
    private(set) var output = ""
    private(set) var notes = ""

    init(settings: [String] = [], script: String? = nil) throws {
        let state = try LuaState()
        notebook = try Notebook(
            state: state, view: NotebookView(write: { _ in }, note: { _ in }),
            parameters: try ScriptParameters(settings))
        notebook.view.write = { [unowned self] in output += $0 }
        notebook.view.note = { [unowned self] in notes += $0 }
        var registry = Registry()
        registry.add(notebook.bindings)
        #expect(registry.documentationGaps.isEmpty)
        try registry.install(into: state)
        if let script { notebook.open(Script(text: script, path: "demo.lua")) }
    }

    func take() -> String {
        defer { output = "" }
        return output
    }

    func takeNotes() -> String {
        defer { notes = "" }
        return notes
    }

    /// Runs an entry and gives all that it showed.
    func shown(_ entry: String) -> String {
        (output, notes) = ("", "")
        notebook.runEntry(entry)
        return take() + takeNotes()
    }
}

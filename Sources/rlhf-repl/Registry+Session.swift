import LuaBindings
import Notebook
import Terminal

extension Registry {
    /// Everything that a session's Lua knows; the documentation is written from the same.
    static func session(notebook: Notebook, console: Console, service: SessionService) throws -> Registry {
        var registry = Registry()
        registry.addFutures()
        registry.add(notebook.bindings)
        registry.describe(
            module: "repl", "The session's commands as functions. At the prompt they begin with a percent sign.")
        registry.add(displayBindings())
        registry.addPlot { [writer = console.writer] in writer.writeError($0 + "\n") }
        try service.register(&registry)
        return registry
    }
}

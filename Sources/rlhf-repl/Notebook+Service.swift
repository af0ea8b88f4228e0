import Cookbook
import LuaBindings
import Notebook

extension Notebook {
    /// Makes the session's functions known to Lua, to completion and to `help`.
    func install(_ service: SessionService, console: Console) throws {
        let registry = try Registry.session(notebook: self, console: console, service: service)
        let index = try registry.install(into: state)
        completer = Completer(
            registry: registry, index: index, models: service.models, checkpoints: service.checkpoints,
            names: { $0 == "renderer_name" ? Renderers.names : [] })
        try definePrint(state)
        memoryReport = service.memory
    }
}

import LuaBindings

/// What a session is about, as the session sees it: a line that names the service, and what it adds to Lua.
struct SessionService {
    /// Which service is in use, for the first line.
    var title: String
    /// Adds the service's bindings.
    var register: (inout Registry) throws -> Void
    /// The folders of the runs that the session has begun.
    var runFolders: () -> [String]
    /// What the models hold, for `%mem`.
    var memory: () -> [(what: String, bytes: Int)]

    /// The names of the models that can be had, for completion.
    var models: () -> [String] = { [] }
    /// The paths of the weights that are saved on this machine, the latest first, for completion.
    var checkpoints: () -> [String] = { [] }

    /// Called at the end, with whether it went well.
    var finish: (_ isFine: Bool) -> Void = { _ in }

    /// Makes the service that the command line asks for.
    typealias Factory = (SessionOptions, Console) throws -> SessionService
}

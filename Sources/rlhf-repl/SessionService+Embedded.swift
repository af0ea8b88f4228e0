import Cookbook
import Engine
import Foundation
import LuaBindings
import ModelFiles

extension SessionService {
    /// The embedded engine, its clients and the cookbook.
    static func embedded(_ options: SessionOptions, _ console: Console) throws -> SessionService {
        let environment = ProcessInfo.processInfo.environment
        let store = ModelStore(environment: environment)
        let model = try options.model.map { try store.resolve($0).name } ?? ModelStore.defaultModel.name
        let progress = console.stages
        let service = options.engine.service(store, dataFolder: dataFolder(environment)) { name, done, total in
            progress.report(StageProgress(stage: "reading \(name)", done: done, total: total, unit: "layer"))
        }
        var session = over(service, model: model, RemoteServices(options, console, store, environment), options, console, environment) {
            service.weights.map { ("weights of \($0.model)", $0.bytes) }
        }
        session.models = { store.models().map(\.name) }
        session.checkpoints = { service.checkpointPaths }
        return session
    }
}

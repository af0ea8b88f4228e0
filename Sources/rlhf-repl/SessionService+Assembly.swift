import Cookbook
import Foundation
import LuaBindings
import LuaRuntime
import TrainingAPI

extension SessionService {
    /// The clients of a service and the cookbook over them; scripts may open other services by their addresses.
    static func over(
        _ service: any TrainingService, model: String, _ services: RemoteServices, _ options: SessionOptions, _ console: Console,
        _ environment: [String: String], memory: @escaping () -> [(what: String, bytes: Int)]
    ) -> SessionService {
        let context = CookbookContext(
            service: service, modelName: model, logDir: options.logFolder ?? "runs",
            preferenceModels: PreferenceModelIndex(
                path: dataFolder(environment).appending(path: "preference_models.jsonl").path),
            progress: console.stages)
        return SessionService(
            title: "\(model), \(service.summary)",
            register: { registry in
                registry.addTensors()
                registry.addClients(
                    ClientBindings(
                        service: { try services.service($0, session: service) }, defaultModel: model, progress: console.stages))
                registry.addCookbook(context)
                registry.add(
                    ConstantBinding(
                        "rlhf.default_model", doc: "The session's model: what `model_name` and `base_model` are by default.",
                        type: "string", value: .string(model)))
            },
            runFolders: { context.runFolders }, memory: memory, finish: { services.finish(isFine: $0) })
    }

    /// Where checkpoints are kept from session to session.
    static func dataFolder(_ environment: [String: String]) -> URL {
        if let home = environment["XDG_DATA_HOME"], !home.isEmpty { return URL(filePath: home).appending(path: "rlhf-repl") }
        return URL.homeDirectory.appending(path: ".local/share/rlhf-repl")
    }
}

import Foundation
import LuaBindings
import ModelFiles
import Terminal

extension SessionService {
    /// A remote service at `url`, its clients and the cookbook. Without `--model` the service's first model is taken.
    static func remote(_ url: String, _ options: SessionOptions, _ console: Console) throws -> SessionService {
        let environment = ProcessInfo.processInfo.environment
        let services = RemoteServices(options, console, ModelStore(environment: environment), environment)
        let service = try services.open(ServiceOptions(), at: url)
        let model = try options.model ?? services.defaultModel(of: service)
        return over(service, model: model, services, options, console, environment, memory: { [] })
    }

    /// What the command line asks for.
    static func chosen(_ options: SessionOptions, _ console: Console) throws -> SessionService {
        if let url = options.baseURL { return try remote(url, options, console) }
        return try embedded(options, console)
    }
}

extension RemoteServices {
    /// What the command line says about remote services; their notices go where progress goes.
    convenience init(
        _ options: SessionOptions, _ console: Console, _ store: ModelStore, _ environment: [String: String]
    ) {
        let writer = console.writer
        let isQuiet = options.quiet
        let bar = WaitingForService(console)
        self.init(
            environment: environment, store: store, tokenizer: options.tokenizer,
            notice: { line in if !isQuiet { writer.writeError(line + "\n") } },
            waiting: { line in if !isQuiet { bar.show(line) } })
    }
}

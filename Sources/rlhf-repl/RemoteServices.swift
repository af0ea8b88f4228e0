import Foundation
import LuaBindings
import LuaRuntime
import ModelFiles
import Synchronization
import TinkerClient
import TrainingAPI

/// Opens remote services for the session. They share one thread for all transfers, which starts with the first.
final class RemoteServices: Sendable {
    private let environment: [String: String]
    private let store: ModelStore
    private let tokenizer: String?
    private let notice: @Sendable (String) -> Void
    private let waiting: @Sendable (String?) -> Void
    private let transport = Mutex<CurlTransport?>(nil)
    private let opened = Mutex<[WeakService]>([])

    private struct WeakService { weak var service: RemoteService? }

    /// Services whose models have the tokenizer of this file unless they are opened with another one. `notice` gets what users
    /// should know, `waiting` every ten seconds what is waited for, and nil when that is over.
    init(
        environment: [String: String], store: ModelStore, tokenizer: String?, notice: @escaping @Sendable (String) -> Void,
        waiting: @escaping @Sendable (String?) -> Void
    ) {
        self.environment = environment
        self.store = store
        self.tokenizer = tokenizer
        self.notice = notice
        self.waiting = waiting
    }

    /// The service at an address. Nothing is sent yet.
    func open(_ options: ServiceOptions, at url: String) throws(LuaError) -> RemoteService {
        guard let address = ServiceAddress(url) else {
            throw .usage(
                // What stands before an @ may be a password.
                "'\(url.split(separator: "@").last.map(String.init) ?? "")' is no address of a service",
                hint: "use https://HOST/PATH without a name or key in it, http://127.0.0.1:8000, or one of "
                    + ServiceAddress.presets.keys.sorted().joined(separator: ", "))
        }
        let transport = transport.withLock { transport in
            let known = transport ?? CurlTransport(environment: environment)
            transport = known
            return known
        }
        let credentials = Credentials(apiKey: options.apiKey, address: address, environment: environment)
        let service = RemoteService(
            connection: ServiceConnection(
                address: address, credentials: credentials, transport: transport, notice: notice, waiting: waiting),
            tokenizers: RemoteTokenizers(
                path: options.tokenizer ?? tokenizer, store: store, environment: environment, transport: transport))
        opened.withLock { opened in
            opened.removeAll { $0.service == nil }
            opened.append(WeakService(service: service))
        }
        return service
    }

    /// Tells all services that the session is over, and whether it went well.
    func finish(isFine: Bool) {
        let endings = opened.withLock { $0 }.compactMap { $0.service?.finish(reason: isFine ? "success" : "errored") }
        // A goodbye that does not arrive changes nothing.
        for ending in endings { try? ending.wait() }
    }

    /// The service that a script asks for: the session's own without an address.
    func service(_ options: ServiceOptions, session: any TrainingService) throws -> any TrainingService {
        guard let url = options.baseURL else { return session }
        return try open(options, at: url)
    }

    /// The first model that a service lets be trained. Waits for the answer, which also shows that the address is right.
    func defaultModel(of service: RemoteService) throws -> String {
        let models = try service.serverCapabilities().wait().supportedModels
        guard let model = models.first else {
            throw LuaError(
                kind: "service", message: "\(service.summary) does not say which models it has", hint: "name one with --model")
        }
        return model.modelName
    }
}

extension Future {
    /// Blocks until the end.
    fileprivate func wait() throws -> Value {
        let done = DispatchSemaphore(value: 0)
        whenDone { _ in done.signal() }
        done.wait()
        guard let result else { throw TrainingError.cancelled }
        return try result.get()
    }
}

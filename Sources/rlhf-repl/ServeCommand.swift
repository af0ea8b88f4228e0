import ArgumentParser
import Dispatch
import Engine
import Foundation
import ModelFiles
import Synchronization
import Terminal
import TinkerServer
import TrainingAPI

/// `rlhf-repl serve`: the embedded engine as a service that the Tinker SDK and other clients of its protocol can use.
struct ServeCommand: ParsableCommand {
    /// The first argument that chooses this command; a script of this name is run as `./serve`.
    static let word = "serve"

    static let configuration = CommandConfiguration(
        commandName: word,
        abstract: "Offers the embedded engine to programs that speak the Tinker protocol, such as its Python SDK.",
        discussion: """
            Point a client at it: tinker.ServiceClient(base_url="http://127.0.0.1:8000", api_key="tml-local"). Checkpoints are kept \
            from start to start. /status shows what is going on, /healthz answers monitors. Ctrl-C finishes what is queued; a \
            second one stops at once. There is no TLS: beyond this machine put a proxy with TLS in front.
            """)

    @Option(help: ArgumentHelp("The model, by name or path.", valueName: "name-or-path"))
    var model = ModelStore.defaultModel.name

    @Option(help: ArgumentHelp("The port; 0 takes a free one.", valueName: "port"))
    var port: UInt16 = 8000

    @Option(help: ArgumentHelp("The address to listen on; any but a loopback address needs --api-key-file.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(
        name: .customLong("api-key-file"),
        help: ArgumentHelp("The keys that clients have to send, one a line; the SDK wants them to begin with tml-.", valueName: "file"))
    var keyFile: String?

    @Option(
        name: .customLong("tokenizer-id"),
        help: ArgumentHelp(
            "What Python clients load the tokenizer by: a name on the Hugging Face hub or a folder.", valueName: "name-or-path"))
    var tokenizerID: String?

    @Option(
        name: .customLong("export-tokenizer"),
        help: ArgumentHelp(
            "Writes the model's tokenizer into a folder as Hugging Face's libraries read it, and tells clients to load it from there.",
            valueName: "folder"))
    var tokenizerFolder: String?

    @OptionGroup var engine: EngineOptions

    @Option(help: ArgumentHelp("A session without a heartbeat for so long is closed.", valueName: "seconds"))
    var sessionTimeout = 300.0

    @Flag(help: "No request log.")
    var quiet = false

    /// The tokenizer of the default model on the Hugging Face hub.
    private static let defaultTokenizerID = "HuggingFaceTB/SmolLM2-135M-Instruct"

    private var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }

    func validate() throws {
        if sessionTimeout < 1 { throw ValidationError("--session-timeout takes seconds from 1, not \(sessionTimeout)") }
        if !isLoopback, keyFile == nil {
            throw ValidationError("--host \(host) lets other machines in; give --api-key-file with the keys that they have to send")
        }
        // Clients cut an id there, as what follows would be a revision.
        if let tokenizerFolder, URL(fileURLWithPath: tokenizerFolder).path.contains(":") {
            throw ValidationError("--export-tokenizer takes a folder without a colon in its path, because clients cut it there")
        }
    }

    func run() throws {
        let stopper = Stopper()
        // The watcher blocks the signals for every thread that is made after it, so it comes first.
        _ = SignalWatcher([SIGINT, SIGTERM]) { _ in stopper.press() }
        let writer = TerminalWriter()
        let ended = DispatchSemaphore(value: 0)
        let failure = Mutex<String?>(nil)
        Task {
            do { try await serve(writer, stopper) } catch {
                let text = (error as? TrainingError).map { error in error.hint.map { "\(error) (\($0))" } ?? "\(error)" } ?? "\(error)"
                failure.withLock { $0 = text }
            }
            ended.signal()
        }
        ended.wait()
        if let text = failure.withLock({ $0 }) {
            writer.writeError("error: \(text)\n")
            throw ExitCode(1)
        }
    }

    private func serve(_ writer: TerminalWriter, _ stopper: Stopper) async throws {
        let environment = ProcessInfo.processInfo.environment
        let store = ModelStore(environment: environment)
        let entry = try store.resolve(model)
        let folder = SessionService.dataFolder(environment)
        let service = engine.service(store, dataFolder: folder)
        var configuration = ServerConfiguration()
        configuration.keys = try keys()
        configuration.models = [entry.name]
        configuration.tokenizerID =
            try tokenizerID ?? exportTokenizer(of: entry)
            ?? (entry.name == ModelStore.defaultModel.name ? Self.defaultTokenizerID : nil)
        configuration.checkpointFolder = folder.appending(path: "checkpoints")
        configuration.catalogueFile = folder.appending(path: "served_checkpoints.json")
        configuration.limits.sessionTimeout = sessionTimeout
        if !quiet { configuration.log = { writer.writeError($0 + "\n") } }
        let router = try Router(service: service, configuration: configuration)
        let listener = try HTTPListener(host: host, port: port, router: router)
        // Read now, so that the first client does not wait and a wrong file is noticed here.
        _ = try await service.createSamplingClient(baseModel: entry.name).value
        stopper.attach {
            writer.writeError("finishing what is queued; Ctrl-C again stops at once\n")
            Task { await listener.stop(patience: .seconds(600)) }
        }
        try await listener.run { port in
            let address = host.contains(":") ? "[\(host)]" : host
            writer.writeError("\(entry.name), \(service.summary), at http://\(address):\(port) (Ctrl-C stops)\n")
        }
    }

    /// Writes the tokenizer if that is asked for; returns the folder's full path.
    private func exportTokenizer(of entry: ModelStore.Entry) throws -> String? {
        guard let tokenizerFolder else { return nil }
        let folder = URL(fileURLWithPath: tokenizerFolder).standardizedFileURL.path
        try HuggingFaceTokenizer(GGUFFile(path: entry.path)).write(to: folder)
        return folder
    }

    private func keys() throws -> APIKeys {
        guard let keyFile else { return .none }
        let text: String
        do { text = try String(contentsOfFile: keyFile, encoding: .utf8) } catch {
            throw ValidationError("--api-key-file: cannot read \(keyFile) (\(error.localizedDescription))")
        }
        let keys = APIKeys(fileText: text)
        // Without a key the server would be open, which is the opposite of what was asked for.
        guard !keys.isEmpty else { throw ValidationError("--api-key-file: there is no key in \(keyFile)") }
        return keys
    }
}

/// What Ctrl-C means: the first one stops the server gently, the second one ends the program.
private final class Stopper: Sendable {
    private let state = Mutex((presses: 0, stop: (@Sendable () -> Void)?.none))

    func attach(_ stop: @escaping @Sendable () -> Void) { state.withLock { $0.stop = stop } }

    func press() {
        let (presses, stop) = state.withLock { state in
            state.presses += 1
            return (state.presses, state.stop)
        }
        guard presses == 1, let stop else { exit(130) }
        stop()
    }
}

import Foundation
import ModelFiles
import Synchronization
import TestSupport
import Testing
import TinkerClient
import Tokenizers
import TrainingAPI

/// Where the tokenizer of a remote model comes from.
@Suite(.timeLimit(.minutes(10))) struct RemoteTokenizerTests {
    private let folder: URL

    init() throws {
        folder = ScratchFolder.url.appending(path: "tokenizers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// All bytes and one marker, in GPT-2's form.
    private static let file: Data = {
        let vocabulary = (0...UInt8.max).map { byte in
            let text = ByteAlphabet.text(of: [byte])
            return "\(text == "\"" || text == "\\" ? "\"\\\(text)\"" : "\"\(text)\""):\(byte)"
        }
        return Data(
            """
            {"added_tokens":[{"id":256,"content":"<|end|>","special":true}],"normalizer":null,
            "pre_tokenizer":{"type":"ByteLevel","use_regex":true},"post_processor":null,
            "model":{"type":"BPE","vocab":{\(vocabulary.joined(separator: ","))},"merges":[]}}
            """.utf8)
    }()

    private func write(_ path: String) throws -> URL {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Self.file.write(to: file)
        return file
    }

    /// A sampling client of a model named as on the hub, and what the user was told.
    private func sampler(
        path: String? = nil, environment: [String: String] = [:], transport: (any HTTPTransport)? = nil
    ) async throws -> (any SamplingClient, [String]) {
        let tinker = TinyTinker { path, _ in
            path == "/get_server_capabilities" ? .json(#"{"supported_models":[{"model_name":"Org/Model-1"}]}"#) : nil
        }
        let notices = ClientUnderTest.Notices()
        let address = try #require(ServiceAddress("http://service.test"))
        let service = RemoteService(
            connection: ServiceConnection(
                address: address, credentials: Credentials(apiKey: nil, address: address, environment: ["HOME": "/nowhere"]),
                transport: ScriptedTransport { try tinker.reply($0, $1) }, pacing: FakeTime().pacing, notice: { notices.add($0) }),
            tokenizers: RemoteTokenizers(
                path: path, store: ModelStore(folder: folder.appending(path: "store/models").path),
                environment: ["HOME": folder.path].merging(environment) { $1 }, transport: transport))
        return (try await service.createSamplingClient(baseModel: "Org/Model-1").value, notices.all)
    }

    @Test("A file or folder that the user names is taken")
    func path() async throws {
        let file = try write("mine/tokenizer.json")
        for path in [file.path, file.deletingLastPathComponent().path] {
            #expect(try await sampler(path: path).0.requiredTokenizer().encode("hi") == [104, 105])
        }
        await #expect(throws: (any Error).self) { try await sampler(path: folder.appending(path: "none.json").path) }
    }

    @Test("The Hugging Face library's cache is looked at where its variables say, and the current revision is taken")
    func cache() async throws {
        let model = "models--Org--Model-1"
        _ = try write("hub/\(model)/snapshots/abc/tokenizer.json")
        _ = try write("home/hub/\(model)/snapshots/abc/tokenizer.json")
        _ = try write(".cache/huggingface/hub/\(model)/snapshots/abc/tokenizer.json")
        for environment in [
            ["HF_HUB_CACHE": folder.appending(path: "hub").path], ["HF_HOME": folder.appending(path: "home").path], [:],
        ] {
            #expect(try await sampler(environment: environment).0.requiredTokenizer().encode("hi") == [104, 105])
        }
        let elsewhere = try await sampler(environment: ["HF_HOME": "/nowhere"]).0
        #expect(throws: TrainingError.self) { try elsewhere.requiredTokenizer() }
    }

    @Test("Else the files are downloaded once, with the token, which does not follow to another host, and the hash is noted")
    func download() async throws {
        let requests = Mutex<[String]>([])
        let store = try ScriptedHTTPServer { request in
            requests.withLock { $0.append("store \(request.headers["authorization"] ?? "-")") }
            return .answer(status: 200, body: Self.file)
        }
        // Another name of the same machine counts as another host.
        let elsewhere = "http://localhost:\(store.port)/blob"
        let hub = try ScriptedHTTPServer { request in
            let path = String(request.line.split(separator: " ")[1])
            requests.withLock { $0.append("\(path) \(request.headers["authorization"] ?? "-")") }
            switch path {
            case "/Org/Model-1/resolve/main/tokenizer.json":
                return .answer(status: 302, headers: ["Location": elsewhere], body: Data())
            case "/Org/Model-1/resolve/main/tokenizer_config.json":
                return .answer(status: 200, body: Data(#"{"eos_token":"<|end|>"}"#.utf8))
            default: return .answer(status: 404, body: Data())
            }
        }
        let environment = ["HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_secret"]
        let transport = CurlTransport(environment: [:])
        let (client, notices) = try await sampler(environment: environment, transport: transport)
        #expect(try client.requiredTokenizer().eosToken == 256)
        #expect(notices.contains { $0.contains(SHA256.hex(of: Self.file)) })
        #expect(!notices.joined().contains("hf_secret"))
        let sent = requests.withLock { $0 }
        #expect(sent.contains("/Org/Model-1/resolve/main/tokenizer.json Bearer hf_secret"))
        #expect(sent.last == "store -")
        #expect(try await sampler(environment: environment, transport: transport).0.requiredTokenizer().encode("hi") == [104, 105])
        #expect(requests.withLock { $0 } == sent)
    }

    @Test(
        "What the hub does not give is said when texts are needed, and token ids work all the same",
        arguments: [(401, "set HF_TOKEN"), (404, "no such model"), (200, "damaged")])
    func refused(status: Int, text: String) async throws {
        let hub = try ScriptedHTTPServer { request in
            .answer(status: request.line.contains("tokenizer.json") ? status : 404, body: Data("{".utf8))
        }
        let client = try await sampler(environment: ["HF_ENDPOINT": hub.url], transport: CurlTransport(environment: [:])).0
        #expect(try await client.computeLogprobs(ModelInput(tokens: [1, 2, 3])).value.count == 3)
        let error = #expect(throws: TrainingError.self) { try client.requiredTokenizer() }
        #expect(error?.description.contains(text) == true, "\(String(describing: error))")
        #expect(error?.hint?.contains("--tokenizer") == true)
    }

    @Test("HF_HUB_OFFLINE keeps it from asking")
    func offline() async throws {
        let hub = try ScriptedHTTPServer { _ in .answer(status: 200, body: Self.file) }
        let environment = ["HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "1"]
        let client = try await sampler(environment: environment, transport: CurlTransport(environment: [:])).0
        let error = #expect(throws: TrainingError.self) { try client.requiredTokenizer() }
        #expect(error?.description.contains("HF_HUB_OFFLINE") == true)
    }
}

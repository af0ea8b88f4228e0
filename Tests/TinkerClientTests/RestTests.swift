import Foundation
import ModelFiles
import TestSupport
import Testing
import TinkerClient
import TrainingAPI

/// Runs and checkpoints that services keep.
@Suite(.timeLimit(.minutes(10))) struct RestTests {
    private static let checkpoint = """
        {"checkpoint_id":"sampler_weights/a","checkpoint_type":"sampler","time":"2026-11-21T10:00:00Z",\
        "tinker_path":"tinker://R:train:0/sampler_weights/a","size_bytes":12,"public":true,"surprise":[1]}
        """
    private static let path = "tinker://R:train:0/sampler_weights/a"

    private func rest(_ answer: @escaping @Sendable (_ path: String) throws -> HTTPReply?) throws -> (any RestClient, ClientUnderTest) {
        let client = try ClientUnderTest { path, _ in try answer(path) }
        return (try #require(client.service.restClient), client)
    }

    @Test("Runs and checkpoints are listed; fields that nobody knows are no matter")
    func lists() async throws {
        let (rest, client) = try rest { path in
            switch path {
            case "/training_runs?limit=5&offset=1&access_scope=owned", "/training_runs/R:train:0?access_scope=owned":
                let run = """
                    {"training_run_id":"R:train:0","base_model":"tiny","model_owner":"me","is_lora":true,"lora_rank":8,"corrupted":false,\
                    "last_request_time":"2026-11-21T10:00:00Z","last_sampler_checkpoint":\(Self.checkpoint),"unknown":1}
                    """
                return .json(
                    path.contains("limit") ? #"{"training_runs":[\#(run)],"cursor":{"offset":1,"limit":5,"total_count":2}}"# : run)
            case "/training_runs/R:train:0/checkpoints", "/checkpoints?limit=100&offset=0":
                return .json(#"{"checkpoints":[\#(Self.checkpoint)]}"#)
            case "/weights_info": return .json(#"{"base_model":"tiny","is_lora":true,"lora_rank":8}"#)
            default: return nil
            }
        }
        let run = try await rest.trainingRun("R:train:0").value
        #expect(run.baseModel == "tiny" && run.loraRank == 8 && run.lastSamplerCheckpoint?.path == Self.path)
        #expect(try await rest.trainingRuns(limit: 5, offset: 1).value == [run])
        let checkpoints = try await rest.checkpoints(ofRun: "R:train:0").value
        #expect(checkpoints.map(\.id) == ["sampler_weights/a"] && checkpoints[0].isPublic && checkpoints[0].sizeBytes == 12)
        #expect(try await rest.checkpoints(limit: 100, offset: 0).value == checkpoints)
        #expect(try await rest.weightsInfo(path: Self.path).value == WeightsInfo(baseModel: "tiny", loraRank: 8))
        // A list needs no session, but the configuration, which says how keys are sent.
        #expect(client.transport.requests.first?.path == "/client/config")
        #expect(client.transport.bodies("/create_session").isEmpty)
    }

    @Test("Checkpoints are deleted, published and given a time; one that is not there is named")
    func changes() async throws {
        let base = "/training_runs/R:train:0/checkpoints/sampler_weights/a"
        let (rest, client) = try rest { $0.hasPrefix(base) ? HTTPReply(status: 204) : nil }
        try await rest.deleteCheckpoint(path: Self.path).value
        try await rest.setPublished(true, path: Self.path).value
        try await rest.setPublished(false, path: Self.path).value
        try await rest.setTimeToLive(seconds: 3600, path: Self.path).value
        try await rest.setTimeToLive(seconds: nil, path: Self.path).value
        let sent = client.transport.requests.dropFirst()
        #expect(sent.map(\.path) == [base, base + "/publish", base + "/publish", base + "/ttl", base + "/ttl"])
        #expect(
            sent.suffix(2).map { String(decoding: $0.body, as: UTF8.self) } == [#"{"ttl_seconds":3600}"#, #"{"ttl_seconds":null}"#])
        let other = "tinker://R:train:0/weights/b"
        await #expect(throws: TrainingError.checkpointNotFound(other)) { try await rest.deleteCheckpoint(path: other).value }
        await #expect(throws: TrainingError.self) { try await rest.deleteCheckpoint(path: "weights/b").value }
    }

    @Test("An adapter is downloaded without the key, hashed and unpacked; what is wrong with an archive leaves nothing behind")
    func download() async throws {
        let files = try ScriptedHTTPServer { request in
            if request.headers["x-api-key"] != nil { return .answer(status: 400, body: Data("the key came along".utf8)) }
            switch request.line.split(separator: " ")[1] {
            case "/good":
                return .answer(
                    status: 200, body: Self.tar([("./adapter_config.json", "{}"), ("w", String(repeating: "x", count: 700))]))
            case "/outside": return .answer(status: 200, body: Self.tar([("../../evil", "x")]))
            case "/cut": return .answer(status: 200, body: Self.tar([("a", String(repeating: "x", count: 700))]).prefix(900))
            case "/page": return .answer(status: 200, body: Data("<html>".utf8))
            default: return .answer(status: 404, body: Data())
            }
        }
        let folder = ScratchFolder.url.appending(path: "download-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["good", "outside", "cut", "page", "none"] {
            let service = try TinyService(key: "tml-key") { path in
                path.hasSuffix("/archive") ? HTTPReply(status: 302, headers: ["location": files.url + "/" + name]) : nil
            }
            let rest = try #require(service.service.restClient)
            let target = folder.appending(path: name)
            if name == "good" {
                let result = try await rest.download(path: Self.path, to: target.path) { _, _ in }.value
                #expect(result.files.map(\.name) == ["adapter_config.json", "w"] && result.files.map(\.bytes) == [2, 700])
                #expect(result.files[0].sha256 == SHA256.hex(of: Array("{}".utf8)))
                let archive = Self.tar([("./adapter_config.json", "{}"), ("w", String(repeating: "x", count: 700))])
                #expect(result.archiveSHA256 == SHA256.hex(of: archive))
                #expect(try String(contentsOf: target.appending(path: "adapter_config.json"), encoding: .utf8) == "{}")
                await #expect(throws: TrainingError.self) {
                    try await rest.download(path: Self.path, to: target.path) { _, _ in }.value
                }
            } else {
                let error = await #expect(throws: TrainingError.self) {
                    try await rest.download(path: Self.path, to: target.path) { _, _ in }.value
                }
                #expect(error?.kind == .service, "\(name): \(String(describing: error))")
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["good"])
    }

    /// The client with scripted answers from the service, and libcurl for everything else.
    private struct TinyService {
        let service: RemoteService

        init(key: String, _ answer: @escaping @Sendable (String) -> HTTPReply?) throws {
            let tinker = TinyTinker { path, _ in answer(path) }
            let address = try #require(ServiceAddress("http://service.test"))
            service = RemoteService(
                connection: ServiceConnection(
                    address: address, credentials: Credentials(apiKey: key, address: address, environment: ["HOME": "/nowhere"]),
                    transport: Both(scripted: ScriptedTransport { try tinker.reply($0, $1) }), pacing: FakeTime().pacing),
                tokenizers: RemoteTokenizers(path: nil, store: ModelStore(folder: "/nowhere"), environment: ["HOME": "/nowhere"]))
        }
    }

    private struct Both: HTTPTransport {
        let scripted: ScriptedTransport
        let curl = CurlTransport(environment: [:])

        func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPReply {
            request.url.contains("/api/v1") ? try await scripted.send(request) : try await curl.send(request)
        }
    }

    /// A tar archive of plain files.
    private static func tar(_ files: [(name: String, text: String)]) -> Data {
        var data = Data()
        for (name, text) in files {
            var header = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, at place: Int) { header.replaceSubrange(place..<place + text.utf8.count, with: Array(text.utf8)) }
            put(name, at: 0)
            put("0000644", at: 100)
            put(
                String(repeating: "0", count: 11 - String(text.utf8.count, radix: 8).count) + String(text.utf8.count, radix: 8), at: 124
            )
            put("0", at: 156)
            put("ustar", at: 257)
            let sum = header.reduce(0) { $0 + Int($1) } + 8 * 32
            put(String(repeating: "0", count: 6 - String(sum, radix: 8).count) + String(sum, radix: 8) + "\0 ", at: 148)
            data += header
            data += Data(text.utf8) + Data(count: (512 - text.utf8.count % 512) % 512)
        }
        return data + Data(count: 1024)
    }
}

import Engine
import Foundation
import FoundationNetworking
import ModelFiles
import Synchronization
import TestSupport
import Testing
import TinkerServer

@Suite("Over loopback", .ownKernels, .timeLimit(.minutes(10)))
struct EndToEndTests {
    /// The embedded engine on a tiny model, served on a free port while the body runs.
    private func withServer(
        _ change: (inout ServerConfiguration) -> Void = { _ in }, _ body: (String) async throws -> Void
    ) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try TinyModel().build().write(to: folder.appending(path: "tiny.gguf"))
        let service = EngineService(
            store: ModelStore(folder: folder.path), checkpointFolder: folder.appending(path: "checkpoints"), threads: 1)
        var configuration = ServerConfiguration()
        configuration.models = ["tiny"]
        configuration.checkpointFolder = folder.appending(path: "checkpoints")
        configuration.catalogueFile = folder.appending(path: "catalogue.json")
        change(&configuration)
        let listener = try HTTPListener(host: "127.0.0.1", port: 0, router: Router(service: service, configuration: configuration))
        let (ports, found) = AsyncStream<UInt16>.makeStream()
        let running = Task { try await listener.run { found.yield($0) } }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body("http://127.0.0.1:\(port)")) } catch { outcome = .failure(error) }
        await listener.stop(patience: .seconds(10))
        try await running.value
        try outcome.get()
    }

    private func send(
        _ url: String, _ body: String? = nil, method: String = "POST"
    ) async throws -> (status: Int, data: Data) {
        var request = URLRequest(url: try #require(URL(string: url)))
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, data)
    }

    private func ask(_ url: String, _ body: String? = nil, method: String = "POST") async throws -> [String: Any] {
        let (status, data) = try await send(url, body, method: method)
        let text = String(decoding: data, as: UTF8.self)
        try #require((200..<300).contains(status), "\(url): \(status) \(text)")
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("a model is created, trained, saved, sampled and downloaded over HTTP")
    func wholeWay() async throws {
        try await withServer { host in
            let base = host + "/api/v1/"
            func result(_ path: String, _ body: String) async throws -> [String: Any] {
                let queued = try await ask(base + path, body)
                return try await ask(
                    base + "retrieve_future", #"{"request_id":"\#(try #require(queued["request_id"] as? String))"}"#)
            }
            #expect(try await ask(host + "/healthz", method: "GET")["status"] as? String == "ok")
            let session = try #require(
                try await ask(base + "create_session", #"{"sdk_version":"0.38.0"}"#)["session_id"] as? String)
            let created = try await result(
                "create_model",
                #"{"session_id":"\#(session)","model_seq_id":0,"base_model":"tiny","lora_config":{"rank":4,"seed":1}}"#)
            let model = try #require(created["model_id"] as? String)
            #expect(model == "\(session):train:0")
            var losses: [Double] = []
            for step in 0..<3 {
                let trained = try await result(
                    "forward_backward",
                    #"""
                    {"forward_backward_input":{"data":[{"model_input":{"chunks":[{"tokens":[5,6,7,8]}]},"loss_fn_inputs":{"target_tokens":
                    {"data":[6,7,8,9],"dtype":"int64"},"weights":{"data":[1,1,1,1],"dtype":"float32"}}}],"loss_fn":"cross_entropy"},
                    "model_id":"\#(model)","seq_id":\#(2 * step + 1)}
                    """#)
                losses.append(try #require((trained["metrics"] as? [String: Double])?["loss:sum"]))
                _ = try await result(
                    "optim_step", #"{"model_id":"\#(model)","seq_id":\#(2 * step + 2),"adam_params":{"learning_rate":0.02}}"#)
            }
            #expect(losses[2] < losses[1] && losses[1] < losses[0])
            let saved = try await result("save_weights_for_sampler", #"{"model_id":"\#(model)","path":"s","seq_id":7}"#)
            let path = try #require(saved["path"] as? String)
            let opened = try await ask(
                base + "create_sampling_session", #"{"session_id":"\#(session)","sampling_session_seq_id":0,"model_path":"\#(path)"}"#)
            let sampler = try #require(opened["sampling_session_id"] as? String)
            let sampled = try await result(
                "asample",
                #"""
                {"num_samples":2,"prompt":{"chunks":[{"tokens":[5,6,7]}]},"sampling_params":{"max_tokens":3,"seed":1,"stop":[]},
                "sampling_session_id":"\#(sampler)","seq_id":0,"prompt_logprobs":true}
                """#)
            #expect((sampled["sequences"] as? [[String: Any]])?.count == 2)
            let logprobs = try #require(sampled["prompt_logprobs"] as? [Any])
            #expect(logprobs.count == 3)
            #expect(logprobs[0] is NSNull)
            // URLSession follows the redirection to the archive.
            let (status, archive) = try await send(base + "training_runs/\(model)/checkpoints/sampler_weights/s/archive", method: "GET")
            #expect(status == 200)
            #expect(archive.count % 512 == 0)
            #expect(archive.starts(with: Data("adapter_config.json".utf8)))
            #expect(try await send(base + "training_runs/\(model)/checkpoints/sampler_weights/s", method: "DELETE").status == 204)
        }
    }

    @Test("a body beyond the limit is refused while it comes, and the next request on the connection is answered")
    func largeBodies() async throws {
        try await withServer({ $0.limits.bodyBytes = 200_000 }) { host in
            let body = String(repeating: " ", count: 1_000_000)
            let (status, data) = try await send(host + "/api/v1/create_session", body)
            #expect(status == 413)
            #expect(String(decoding: data, as: UTF8.self).contains("200000"))
            #expect(try await send(host + "/healthz", method: "GET").status == 200)
        }
    }

    @Test("many requests at once are all answered")
    func manyAtOnce() async throws {
        try await withServer { host in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<64 {
                    group.addTask { try await send(host + "/api/v1/create_session", #"{"sdk_version":"1"}"#).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 200, count: 64))
        }
    }
}

import Foundation
import ModelFiles
import Synchronization
import TestSupport
import TinkerClient
import TinkerWire
import TrainingAPI

/// Time that passes only when somebody waits, and chance that is always the same.
final class FakeTime: Sendable {
    private let state = Mutex((now: 1000.0, sleeps: [Double]()))
    /// All pauses but those between heartbeats.
    var sleeps: [Double] { state.withLock { $0.sleeps } }

    var pacing: Pacing {
        Pacing(
            now: { self.state.withLock { $0.now } },
            sleep: { seconds in
                // Heartbeats come every ten seconds; in these tests never.
                if seconds == 10 { return try await Task.sleep(for: .seconds(3600)) }
                try Task.checkCancellation()
                self.state.withLock { state in
                    state.now += seconds
                    state.sleeps.append(seconds)
                }
                await Task.yield()
            }, random: { 0.5 })
    }
}

/// Carries requests to a function.
final class ScriptedTransport: HTTPTransport {
    typealias Handler = @Sendable (_ request: HTTPRequest, _ path: String) throws -> HTTPReply
    private let handler: Handler
    private let log = Mutex<[(path: String, body: [UInt8], headers: [String: String])]>([])

    init(_ handler: @escaping Handler) { self.handler = handler }

    /// All requests so far.
    var requests: [(path: String, body: [UInt8], headers: [String: String])] { log.withLock { $0 } }
    /// The bodies of the requests to a path.
    func bodies(_ path: String) -> [[UInt8]] { requests.filter { $0.path == path }.map(\.body) }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPReply {
        let path = request.url.components(separatedBy: "/api/v1")[1]
        log.withLock {
            $0.append((path, request.body ?? [], Dictionary(request.headers.map { ($0.name, $0.value) }) { $1 }))
        }
        do { return try handler(request, path) } catch let error as TransportError { throw error } catch {
            throw .broken("\(error)")
        }
    }
}

extension HTTPReply {
    static func json(_ text: String, status: Int = 200, headers: [String: String] = [:]) -> HTTPReply {
        HTTPReply(
            status: status, headers: headers.merging(["content-type": "application/json"]) { mine, _ in mine },
            body: Array(text.utf8))
    }
}

/// A service of the current dialect with one model, `tiny`, whose answers to some paths a test replaces. Results are made up: every
/// logprob is -1.
final class TinyTinker: Sendable {
    static let sessionID = "b410b6b1-aaef-4f75-a4d3-638ff2fe69cb"
    private let special: @Sendable (_ path: String, _ count: Int) throws -> HTTPReply?
    private let counts = Mutex<[String: Int]>([:])
    private let results = Mutex<[String: HTTPReply]>([:])

    init(_ special: @escaping @Sendable (_ path: String, _ count: Int) throws -> HTTPReply? = { _, _ in nil }) {
        self.special = special
    }

    func reply(_ request: HTTPRequest, _ path: String) throws -> HTTPReply {
        let count = counts.withLock { counts in
            counts[path, default: 0] += 1
            return counts[path] ?? 0
        }
        if let reply = try special(path, count) { return reply }
        let body = request.body ?? []
        switch path {
        case "/client/config": return .json("{}")
        case "/get_server_capabilities":
            return .json(#"{"supported_models":[{"model_name":"tiny","max_context_length":64}]}"#)
        case "/create_session": return .json(#"{"session_id":"\#(Self.sessionID)"}"#)
        case "/session_heartbeat": return .json("{}")
        case "/create_model": return queue("model", .json(#"{"model_id":"\#(Self.sessionID):train:0"}"#))
        case "/get_info":
            return .json(#"{"model_id":"\#(Self.sessionID):train:0","model_data":{"model_name":"tiny"}}"#)
        case "/forward_backward", "/forward":
            let isProtobuf = request.headers.contains { $0.value == BodyFormat.protobuf.rawValue }
            let message =
                isProtobuf
                ? try Wire.ForwardBackwardRequest(protobufBody: body) : try Wire.ForwardBackwardRequest(jsonBody: body)
            let outputs = try message.data.map { datum in
                [
                    "logprobs": try Wire.TensorData(
                        .float32([Float](repeating: -1, count: datum.lossFnInputs["target_tokens"]?.shape[0] ?? 0)))
                ]
            }
            let output = Wire.ForwardBackwardOutput(lossFnOutputs: outputs, metrics: ["loss:sum": Double(outputs.count)])
            return queue(
                "seq\(message.sequenceID ?? -1)",
                HTTPReply(status: 200, headers: ["content-type": "application/x-protobuf"], body: try output.protobufBody()))
        case "/optim_step":
            let message = try Wire.OptimStepRequest(jsonBody: body)
            return queue("seq\(message.sequenceID ?? -1)", .json(#"{"metrics":{"grad_norm":0.5}}"#))
        case "/save_weights": return queue("save", .json(#"{"path":"tinker://R:train:0/weights/a"}"#))
        case "/create_sampling_session": return .json(#"{"sampling_session_id":"S:sample:0"}"#)
        case "/asample":
            let message = try Wire.SampleRequest(jsonBody: body)
            let response = Wire.SampleResponse(
                sequences: (0..<message.numSamples).map { _ in .init(tokens: [7], logprobs: [-0.5], stopReason: .length) },
                promptLogprobs: message.promptLogprobs ? [-2, -3] : nil)
            return queue("sample\(message.sequenceID ?? -1)", .json(String(decoding: response.jsonBody(), as: UTF8.self)))
        case "/retrieve_future":
            let id = try Wire.RetrieveFutureRequest(jsonBody: body).requestID
            return results.withLock { $0[id] } ?? .json(#"{"detail":"unknown"}"#, status: 404)
        default: return .json(#"{"detail":"Not Found"}"#, status: 404)
        }
    }

    private func queue(_ id: String, _ result: HTTPReply) -> HTTPReply {
        results.withLock { $0[id] = result }
        return .json(#"{"request_id":"\#(id)"}"#, status: 202)
    }
}

/// A client of a scripted service and what it sent.
struct ClientUnderTest {
    let service: RemoteService
    let transport: ScriptedTransport
    let time = FakeTime()
    let notices = Notices()

    final class Notices: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    init(key: String? = nil, handling handler: @escaping ScriptedTransport.Handler) throws {
        transport = ScriptedTransport(handler)
        let address = ServiceAddress("http://service.test/base/")!
        let notices = notices
        service = RemoteService(
            connection: ServiceConnection(
                address: address, credentials: Credentials(apiKey: key, address: address, environment: ["HOME": "/nowhere"]),
                transport: transport, pacing: time.pacing, notice: { notices.add($0) }),
            tokenizers: RemoteTokenizers(path: nil, store: ModelStore(folder: "/nowhere"), environment: ["HF_HOME": "/nowhere"]))
    }

    init(key: String? = nil, answering special: @escaping @Sendable (_ path: String, _ count: Int) throws -> HTTPReply?) throws {
        let tinker = TinyTinker(special)
        try self.init(key: key, handling: { try tinker.reply($0, $1) })
    }
}

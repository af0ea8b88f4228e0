import Foundation
import Synchronization
import TestSupport
import Testing
import TinkerServer
import TinkerWire
import TrainingAPI

/// A time that only moves when a test says so.
final class ManualClock: Sendable {
    private struct Sleeper {
        let due: Date
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Date(timeIntervalSince1970: 1_800_000_000)
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var count = 0
    }

    private let state = Mutex(State())

    var clock: ServerClock {
        ServerClock(now: { self.state.withLock { $0.now } }, sleep: { try await self.sleep($0) })
    }

    private func sleep(_ duration: Duration) async throws {
        let id = state.withLock { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
                    state.sleepers[id] = Sleeper(due: state.now.addingTimeInterval(seconds), continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Returns when somebody sleeps.
    func waitForSleeper() async { while state.withLock({ $0.sleepers.isEmpty }) { await Task.yield() } }

    /// Moves the time on and wakes whose time has come.
    func advance(by seconds: Double) {
        let due = state.withLock { state in
            state.now += seconds
            let due = state.sleepers.filter { $0.value.due <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }
}

/// A router over a toy service, spoken to as a client does.
final class TestServer: Sendable {
    let service: FakeService
    let router: Router
    let time = ManualClock()

    init(
        _ service: FakeService = FakeService(), catalogue: URL? = nil,
        _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        self.service = service
        var configuration = ServerConfiguration()
        configuration.clock = time.clock
        configuration.catalogueFile = catalogue
        change(&configuration)
        router = try Router(service: service, configuration: configuration)
    }

    /// The answer to a request with a JSON body.
    func send(
        _ path: String, _ body: String = "", method: String = "POST", query: [String: String] = [:],
        headers: [String: String] = [:]
    ) async -> ServerResponse {
        await router.handle(
            ServerRequest(
                method: method, path: "/api/v1/" + path, query: query,
                headers: ["content-type": "application/json"].merging(headers) { $1 }, body: Array(body.utf8)))
    }

    /// The members of the answer to a request.
    func ask(
        _ path: String, _ body: String = "", method: String = "POST", query: [String: String] = [:]
    ) async throws -> [String: Any] {
        let response = await send(path, body, method: method, query: query)
        try #require((200..<300).contains(response.status), "\(path): \(response.status) \(response.text)")
        return try response.members
    }

    /// A new session's id.
    func openSession() async throws -> String {
        try #require(
            try await ask("create_session", #"{"tags":[],"sdk_version":"0.38.0","type":"create_session"}"#)["session_id"] as? String)
    }

    /// A new model's id.
    func createModel(_ session: String, _ number: Int = 0) async throws -> String {
        let queued = try await ask(
            "create_model", #"{"session_id":"\#(session)","model_seq_id":\#(number),"base_model":"toy","lora_config":{"rank":4}}"#)
        return try #require(try await result(queued)["model_id"] as? String)
    }

    /// The result of a queued request.
    func result(_ queued: [String: Any]) async throws -> [String: Any] {
        let id = try #require(queued["request_id"] as? String)
        return try await ask("retrieve_future", #"{"request_id":"\#(id)","allow_metadata_only":true}"#)
    }

    /// The body of a call with one datum.
    func supervised(_ model: String, _ number: Int?, weight: Double = 1, loss: String = "cross_entropy") -> String {
        let place = number.map { #","seq_id":\#($0)"# } ?? ""
        return #"""
            {"forward_backward_input":{"data":[{"model_input":{"chunks":[{"type":"encoded_text","tokens":[5,6]}]},
            "loss_fn_inputs":{"target_tokens":{"data":[6,7],"dtype":"int64","shape":[2]},
            "weights":{"data":[\#(weight),\#(weight)],"dtype":"float32","shape":[2]}}}],
            "loss_fn":"\#(loss)"},"model_id":"\#(model)"\#(place)}
            """#
    }

    func step(_ model: String, _ number: Int) -> String {
        #"{"model_id":"\#(model)","seq_id":\#(number),"adam_params":{"learning_rate":0.5}}"#
    }
}

extension ServerResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
    var members: [String: Any] {
        get throws {
            if body.isEmpty { return [:] }
            return try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
        }
    }
}

/// A folder that a test has for itself.
func temporaryFolder() throws -> URL {
    let folder = ScratchFolder.url.appending(path: "server-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

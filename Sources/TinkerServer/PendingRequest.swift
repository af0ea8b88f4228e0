import Foundation
import TinkerWire
import TrainingAPI

/// What a finished request returns.
struct ResultMessage: Sendable {
    let body: any JSONMessage
    /// How many tokens were read or drawn, for the status page.
    var tokens = 0

    init(_ body: any JSONMessage, tokens: Int = 0) {
        self.body = body
        self.tokens = tokens
    }

    /// The answer to a poll: protobuf if it is wanted and the result has such a form.
    func response(protobuf: Bool) throws -> ServerResponse {
        guard protobuf, let body = body as? any ProtobufMessage else { return .json(body) }
        return ServerResponse(
            status: 200, headers: ["content-type": BodyFormat.protobuf.rawValue], body: try body.protobufBody())
    }
}

/// A request whose result is asked for later.
final class PendingRequest: Sendable {
    let id: String
    let sessionID: String
    let sequenceIDs: [String]?
    let result = Future<ResultMessage>()

    init(id: String, sessionID: String, sequenceIDs: [String]? = nil) {
        self.id = id
        self.sessionID = sessionID
        self.sequenceIDs = sequenceIDs
    }

    /// Ends with whatever another future ends with; who cancels this one cancels that.
    func follow(_ future: Future<ResultMessage>) {
        result.onCancel { future.cancel() }
        future.whenDone { self.result.resolve($0) }
    }

    /// The outcome, or nil if there is none after the given time.
    func outcome(within hold: Duration, _ clock: ServerClock) async throws -> Result<ResultMessage, any Error>? {
        try await result.outcome(within: hold, clock)
    }
}

extension Future {
    /// The outcome, or nil if there is none after the given time.
    func outcome(within hold: Duration, _ clock: ServerClock) async throws -> Result<Value, any Error>? {
        if let result { return result }
        let gate = Future<Result<Value, any Error>?>()
        whenDone { gate.resolve(.success($0)) }
        let timer = Task {
            // A clock that is stopped ends the wait as well.
            try? await clock.sleep(hold)
            gate.resolve(.success(nil))
        }
        defer { timer.cancel() }
        return try await gate.value
    }
}

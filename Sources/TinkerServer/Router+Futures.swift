import TinkerWire
import TrainingAPI

extension Router {
    /// Holds a poll until the result is there, or for as long as clients wait.
    func retrieveFuture(_ request: ServerRequest) async throws -> ServerResponse {
        let message = try request.json(Wire.RetrieveFutureRequest.self, limits.wire)
        let pending = try await state.request(message.requestID)
        let outcome: Result<ResultMessage, any Error>?
        do { outcome = try await pending.outcome(within: limits.pollHold, clock) } catch {
            await state.endPoll(pending, isFetched: false)
            throw error
        }
        await state.endPoll(pending, isFetched: outcome != nil)
        switch outcome {
        case nil: return .json(Wire.TryAgainResponse(requestID: message.requestID), status: 408)
        case .success(let result):
            return try result.response(protobuf: BodyFormat.acceptsProtobuf(request.headers["accept"] ?? ""))
        case .failure(let error): return .json(Wire.RequestFailure(error))
        }
    }
}

import TinkerWire
import TrainingAPI

extension Router {
    /// Holds a poll until the result is there, or for as long as clients wait.
    func retrieveFuture(_ request: ServerRequest) async throws -> ServerResponse {
        let message = try request.json(Wire.RetrieveFutureRequest.self, limits.wire)
        let pending = try await state.request(message.requestID)
        guard let outcome = try await pending.outcome(within: limits.pollHold, clock) else {
            return .json(Wire.TryAgainResponse(requestID: message.requestID), status: 408)
        }
        let response: ServerResponse
        switch outcome {
        case .success(let result):
            response = try result.response(protobuf: BodyFormat.acceptsProtobuf(request.headers["accept"] ?? ""))
        case .failure(let error): response = .json(Wire.RequestFailure(error))
        }
        await state.noteFetched(message.requestID)
        return response
    }
}

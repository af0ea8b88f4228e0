import Foundation
import TinkerWire
import TrainingAPI

extension Router {
    /// The SDK takes no key of another form than `tml-…` unless it may exchange it for a token first.
    func clientConfig(_ request: ServerRequest) throws -> ServerResponse {
        let key = request.headers["x-api-key"] ?? "tml-"
        return .json(Wire.ClientConfig(isTokenExchangeEnabled: !key.hasPrefix("tml-") && !key.hasPrefix("eyJ")))
    }

    /// The token has the form of a JWT, because clients read its times; what makes it valid is that this server has issued it.
    func exchangeToken(_ request: ServerRequest) throws -> ServerResponse {
        let now = clock.now(), lifetime = 3600.0
        let claims = "{\"iat\":\(Int(now.timeIntervalSince1970)),\"exp\":\(Int(now.timeIntervalSince1970 + lifetime))}"
        let prefix = Self.base64URL("{\"alg\":\"none\"}") + "." + Self.base64URL(claims) + "."
        let jwt = tokens.issue(.everything, prefix: prefix, until: now.addingTimeInterval(lifetime))
        return .json(Wire.TokenResponse(jwt: jwt))
    }

    private static func base64URL(_ text: String) -> String {
        Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    func createSession(_ request: ServerRequest) async throws -> ServerResponse {
        let id = try await state.openSession(request.json(Wire.CreateSessionRequest.self, limits.wire))
        return .json(Wire.CreateSessionResponse(sessionID: id))
    }

    func heartbeat(_ request: ServerRequest) async throws -> ServerResponse {
        let beat = try request.json(Wire.SessionHeartbeatRequest.self, limits.wire)
        try await state.beat(beat.sessionID)
        return .json(Wire.SessionHeartbeatResponse())
    }

    func capabilities(_ request: ServerRequest) async throws -> ServerResponse {
        var capabilities = Wire.ServerCapabilities(try await service.serverCapabilities().value)
        if let offered = configuration.models {
            // A model that was opened by its path is none of those that the service lists.
            capabilities.supportedModels = offered.map { name in
                capabilities.supportedModels.first { $0.modelName == name }
                    ?? Wire.SupportedModel(modelName: name, isTrainable: true, isSampleable: true)
            }
        }
        return .json(capabilities)
    }

    func sessionList(_ request: ServerRequest) async throws -> ServerResponse {
        let ids = await state.sessionIDs
        return .json(Wire.SessionList(sessions: try page(ids, request, limit: 20).entries))
    }

    func sessionInfo(_ id: String) async throws -> Wire.SessionInfo { try await state.sessionInfo(id) }

    /// A part of a list, as the query says.
    func page<Entry>(
        _ all: [Entry], _ request: ServerRequest, limit: Int
    ) throws(ServerError) -> (entries: [Entry], cursor: Wire.Cursor) {
        let limit = try request.number("limit", default: limit, in: 0...10_000)
        let offset = try request.number("offset", default: 0, in: 0...Int(Int32.max))
        return (
            Array(all.dropFirst(offset).prefix(limit)), Wire.Cursor(offset: offset, limit: limit, totalCount: all.count)
        )
    }
}

extension ServerState {
    /// The open sessions.
    var sessionIDs: [String] { sessions.keys.sorted() }

    /// What belongs to a session.
    func sessionInfo(_ id: String) throws(ServerError) -> Wire.SessionInfo {
        guard let session = sessions[id] else { throw ServerError(404, "there is no session '\(id.prefix(80))'") }
        return Wire.SessionInfo(
            trainingRunIDs: session.models, samplerIDs: session.samplers, userMetadata: session.userMetadata,
            displayName: session.displayName)
    }
}

import TinkerWire
import TrainingAPI

/// A session with a service: what the service wants and offers, and heartbeats while anybody uses it.
actor ServiceSession {
    /// A session that was opened.
    struct Opened: Sendable {
        let id: String
        let config: Wire.ClientConfig
        let dialect: Dialect
    }

    nonisolated let connection: ServiceConnection
    private var starting: Task<Wire.ClientConfig, any Error>?
    private var asking: Task<Wire.ServerCapabilities, any Error>?
    private var opening: Task<Opened, any Error>?
    private var heartbeats: Task<Void, Never>?
    private var current: Opened?
    private var isOver = false
    private var models = 0
    private var samplers = 0

    init(connection: ServiceConnection) { self.connection = connection }

    deinit { heartbeats?.cancel() }

    /// What the service wants of clients, asked first of all.
    func config() async throws -> Wire.ClientConfig {
        if let starting { return try await starting.value }
        let task = Task { [connection] in try await Self.start(connection) }
        starting = task
        do { return try await task.value } catch {
            starting = nil
            throw error
        }
    }

    /// What the service offers.
    func capabilities() async throws -> Wire.ServerCapabilities {
        if let asking { return try await asking.value }
        _ = try await config()
        let task = Task { [connection] in
            try await connection.call(.get("get_server_capabilities"), as: Wire.ServerCapabilities.self)
        }
        asking = task
        do { return try await task.value } catch {
            asking = nil
            throw error
        }
    }

    /// The session, opened by the first who asks.
    func opened() async throws -> Opened {
        if isOver { throw RemoteError.sessionOver }
        if let opening { return try await opening.value }
        let config = try await config()
        if let opening { return try await opening.value }
        let task = Task { [connection] in try await Self.open(connection, config) }
        opening = task
        do {
            let opened = try await task.value
            current = opened
            beat(opened.id)
            return opened
        } catch {
            opening = nil
            throw error
        }
    }

    /// Tells the service that nobody will use the session any more, so that it can free at once what it would keep for some minutes
    /// otherwise. Says nothing to services that do not know the call, and does not insist.
    func finish(reason: String) async {
        guard let opened = current, opened.dialect.family == .tinker, !isOver else { return }
        isOver = true
        heartbeats?.cancel()
        let request = Wire.FinishSessionRequest(reason: Wire.FinishReason(kind: reason))
        var call = ServiceCall.post("finish", request, path: "/sessions/\(opened.id)/finish", policy: .once)
        call.timeout = 1
        // The answer has no body that matters, and a service that is gone needs no goodbye.
        try? await connection.exchange(call) { _ throws(WireError) in }
    }

    /// The next model's number.
    func nextModel() -> Int {
        defer { models += 1 }
        return models
    }

    /// The next sampling session's number.
    func nextSampler() -> Int {
        defer { samplers += 1 }
        return samplers
    }

    private static func start(_ connection: ServiceConnection) async throws -> Wire.ClientConfig {
        let request = Wire.ClientConfigRequest(sdkVersion: connection.sdkVersion)
        do {
            let config: Wire.ClientConfig = try await connection.call(.post("client/config", request))
            if config.isTokenExchangeEnabled { connection.useTokens() }
            return config
        } catch RemoteError.refused(status: 404, _) {
            // Services of the oldest dialect do not know the call.
            return Wire.ClientConfig()
        }
    }

    private static func open(_ connection: ServiceConnection, _ config: Wire.ClientConfig) async throws -> Opened {
        let request = Wire.CreateSessionRequest(userMetadata: [:], sdkVersion: connection.sdkVersion)
        let answer: Wire.CreateSessionResponse = try await connection.call(.post("create_session", request))
        for message in [answer.infoMessage, answer.warningMessage, answer.errorMessage].compactMap({ $0 }) where !message.isEmpty {
            connection.tell(connection.clean(message))
        }
        return Opened(id: answer.sessionID, config: config, dialect: Dialect(sessionID: answer.sessionID, config: config))
    }

    private func beat(_ id: String) {
        guard heartbeats == nil else { return }
        heartbeats = Task { [weak self, connection] in
            var missed = 0
            while !Task.isCancelled {
                guard (try? await connection.pacing.sleep(10)) != nil else { return }
                var call = ServiceCall.post("session_heartbeat", Wire.SessionHeartbeatRequest(sessionID: id), policy: .once)
                call.timeout = 10
                do {
                    _ = try await connection.call(call, as: Wire.SessionHeartbeatResponse.self)
                    missed = 0
                } catch RemoteError.refused(status: 410, _) {
                    await self?.end()
                    return
                } catch {
                    missed += 1
                    if missed == 12 {
                        connection.tell("no heartbeat has been answered for two minutes; the service may end the session")
                    }
                }
            }
        }
    }

    private func end() {
        isOver = true
        connection.tell("the service has ended the session")
    }
}

import Foundation
import Synchronization
import TinkerWire
package import TrainingAPI

/// Answers requests of Tinker's protocol with the help of a training service. It knows no sockets: a listener hands it requests and
/// sends what it returns.
package final class Router: Sendable {
    typealias Handler = @Sendable (Router, ServerRequest) async throws -> ServerResponse

    let service: any TrainingService
    let configuration: ServerConfiguration
    let state: ServerState
    let catalogue: Catalogue
    let tokens = AccessTokens()
    private let openRequests = Mutex(0)

    /// A router over a service. Throws if the file of checkpoints cannot be read.
    package init(service: any TrainingService, configuration: ServerConfiguration = ServerConfiguration()) throws {
        self.service = service
        self.configuration = configuration
        state = ServerState(limits: configuration.limits, clock: configuration.clock)
        catalogue = try Catalogue(file: configuration.catalogueFile, folder: configuration.checkpointFolder)
    }

    var limits: ServerLimits { configuration.limits }
    var clock: ServerClock { configuration.clock }

    /// The answer to a request.
    package func handle(_ request: ServerRequest) async -> ServerResponse {
        let start = clock.now()
        let open = openRequests.withLock { open in
            open += 1
            return open
        }
        defer { openRequests.withLock { $0 -= 1 } }
        var response: ServerResponse
        do {
            guard open <= limits.openRequests else {
                throw ServerError(429, "\(limits.openRequests) requests are open, which is the limit; try again later")
            }
            response = try await answer(request)
            try response.compress(accepting: request.headers["accept-encoding"] ?? "")
        } catch {
            response = ServerError(error).response
        }
        let milliseconds = Int(clock.now().timeIntervalSince(start) * 1000)
        configuration.log(
            "\(start.iso8601) \(request.method) \(request.path.loggable) \(response.status) \(request.body.count) B in, "
                + "\(response.body.count) B out, \(milliseconds) ms")
        return response
    }

    /// The answer to a request that can be refused before its whole body is there; nil if it is to be read.
    package func refusal(of request: ServerRequest, bodyBytes: Int) -> ServerResponse? {
        do throws(ServerError) {
            try check(request, bodyBytes: bodyBytes)
            return nil
        } catch { return error.response }
    }

    /// Closes what is over; to be called every few seconds.
    package func sweep() async {
        if await state.sweep() { FreedMemory.giveBack() }
        tokens.sweep(clock.now())
        do { try catalogue.sweep(clock.now()) } catch { configuration.log("expired checkpoints cannot be removed: \(error)") }
    }

    /// Does not count a time in which the server could not hear its clients.
    package func excuse(seconds: Double) async { await state.excuse(seconds: seconds) }

    /// Takes no more work, and returns when what is queued has ended or the time is over.
    package func drain(within time: Duration) async { await state.drain(within: time) }

    private func answer(_ request: ServerRequest) async throws -> ServerResponse {
        try check(request, bodyBytes: request.body.count)
        let path = request.parts
        if request.isHealthCheck { return .json(Wire.Health(status: "ok")) }
        if request.isDownload { return try download(path[3]) }
        if path.isEmpty || path == ["status"] { return await statusPage() }
        guard path.count > 2, path[..<2] == ["api", "v1"] else { throw Self.notFound(request) }
        var request = request
        if let coding = request.headers["content-encoding"] {
            guard let known = ContentCoding(contentEncoding: coding) else {
                throw ServerError(415, "content encoding '\(coding.prefix(80))' is unknown; send gzip, zstd or none")
            }
            request.body = try known.decode(request.body, limits: limits.wire)
        }
        let rest = Array(path[2...])
        if let handler = Self.routes["\(request.method) \(rest.joined(separator: "/"))"] {
            return try await handler(self, request)
        }
        return try await answerResource(request, rest)
    }

    /// Checks what can be told before the body has been read.
    private func check(_ request: ServerRequest, bodyBytes: Int) throws(ServerError) {
        let headerBytes = request.headers.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 4 }
        guard headerBytes <= limits.headerBytes else {
            throw ServerError(431, "the headers have \(headerBytes) bytes; the limit is \(limits.headerBytes)")
        }
        guard bodyBytes <= limits.bodyBytes else {
            throw ServerError(413, "the body has more than \(limits.bodyBytes) bytes, which is the limit")
        }
        if request.isOpen { return }
        let key = request.headers["x-api-key"] ?? ""
        guard configuration.keys.isEmpty || tokens.accept(key, clock.now()) || configuration.keys.accept(key) else {
            throw ServerError(401, "the X-API-Key header has no key of this server")
        }
    }

    static func notFound(_ request: ServerRequest) -> ServerError {
        ServerError(404, "there is nothing at \(request.method) \(request.path.prefix(200))")
    }

    /// The addresses without variable parts.
    private static let routes: [String: Handler] = [
        "POST client/config": { try $0.clientConfig($1) },
        "POST client/dynamic_config": { _, _ in .json(Wire.DynamicConfig()) },
        "POST auth/token": { try $0.exchangeToken($1) },
        "POST telemetry": { _, _ in .json(Wire.TelemetryResponse()) },
        "POST create_session": { try await $0.createSession($1) },
        "POST session_heartbeat": { try await $0.heartbeat($1) },
        "GET get_server_capabilities": { try await $0.capabilities($1) },
        "POST create_model": { try await $0.createModel($1) },
        "POST get_info": { try await $0.modelInfo($1) },
        "POST unload_model": { try await $0.unloadModel($1) },
        "POST forward_backward": { try await $0.forwardBackward($1) },
        "POST forward": { try await $0.forwardBackward($1) },
        "POST optim_step": { try await $0.optimStep($1) },
        "POST save_weights": { try await $0.saveWeights($1) },
        "POST save_weights_for_sampler": { try await $0.saveWeightsForSampler($1) },
        "POST save_weights_external": { try await $0.saveWeightsExternal($1) },
        "POST load_weights": { try await $0.loadWeights($1) },
        "POST weights_info": { try await $0.weightsInfo($1) },
        "POST create_sampling_session": { try await $0.createSamplingSession($1) },
        "POST join_sampling_session": { try await $0.joinSamplingSession($1) },
        "POST asample": { try await $0.sample($1) },
        "POST retrieve_future": { try await $0.retrieveFuture($1) },
        "POST retrieve_futures": { try await $0.retrieveFutures($1) },
        "POST cancel_future": { try await $0.cancelFuture($1) },
        "GET training_runs": { try await $0.trainingRuns($1) },
        "GET checkpoints": { try $0.checkpoints($1) },
        "GET sessions": { try await $0.sessionList($1) },
    ]

    /// The addresses with an id in them.
    private func answerResource(_ request: ServerRequest, _ path: [String]) async throws -> ServerResponse {
        guard path.count >= 2 else { throw Self.notFound(request) }
        let (id, rest) = (path[1], path[2...].joined(separator: "/"))
        switch (path[0], request.method, rest) {
        case ("samplers", "GET", ""): return .json(try await state.samplerInfo(id))
        case ("sessions", "GET", ""): return .json(try await sessionInfo(id))
        case ("sessions", "POST", "finish"):
            await state.closeSession(id)
            return .noContent
        case ("training_runs", "GET", ""): return .json(try await trainingRun(id))
        case ("training_runs", "GET", "checkpoints"): return try checkpoints(request, run: id)
        case ("training_runs", _, _) where path.count >= 5 && path[2] == "checkpoints":
            return try checkpoint(request, path: "tinker://\(id)/\(path[3])/\(path[4])", action: path[5...].joined(separator: "/"))
        default: throw Self.notFound(request)
        }
    }
}

extension String {
    /// What may stand in a log: no control characters, and not too long.
    fileprivate var loggable: String {
        String(String.UnicodeScalarView(unicodeScalars.prefix(200).filter { $0.value > 31 && $0.value != 127 }))
    }
}

extension ServerRequest {
    fileprivate var parts: [String] { path.split(separator: "/").map(String.init) }
    fileprivate var isHealthCheck: Bool { parts == ["healthz"] || parts == ["api", "v1", "healthz"] }
    fileprivate var isDownload: Bool { method == "GET" && parts.count == 4 && parts[..<3] == ["api", "v1", "downloads"] }
    /// Whether this needs no key: a download's address is a secret of its own.
    fileprivate var isOpen: Bool { isHealthCheck || isDownload }
}

extension ServerResponse {
    /// Bodies of JSON this large are packed if the client takes that. Protobuf is numbers in binary, on which it gains little.
    private static let compressible = 64 << 10

    fileprivate mutating func compress(accepting codings: String) throws(WireError) {
        guard body.count >= Self.compressible, headers["content-type"] == BodyFormat.json.rawValue else { return }
        let accepted = codings.split(separator: ",").compactMap {
            ContentCoding(contentEncoding: String($0.prefix { $0 != ";" }))
        }
        guard let coding = accepted.contains(.zstd) ? .zstd : accepted.first(where: { $0 != .identity }) else { return }
        body = try coding.encode(body)
        headers["content-encoding"] = coding.rawValue
    }
}

import TinkerWire

/// A request that a service has taken on; its result is asked for until it is there (section 4 of the protocol).
struct PendingResult<Result: JSONMessage>: Sendable {
    let requestID: String
    /// For messages: `forward_backward`.
    let verb: String
    /// What the service calls requests of this kind: `ForwardBackward`.
    let kind: String
    let connection: ServiceConnection
    /// How a finished answer is read.
    let read: @Sendable (_ reply: HTTPReply) throws(WireError) -> Wire.FutureReply<Result>

    init(
        _ requestID: String, verb: String, kind: String, connection: ServiceConnection,
        read: @escaping @Sendable (HTTPReply) throws(WireError) -> Wire.FutureReply<Result>
    ) {
        self.requestID = requestID
        self.verb = verb
        self.kind = kind
        self.connection = connection
        self.read = read
    }

    /// What the service said last, and how often it failed in a row.
    private struct Progress {
        let wait: Int
        var polls = 0
        var refusals = 0
        var failures = 0
        var unreadable = 0
        var unpaidSince: Double?

        init(wait: Int) { self.wait = wait }
    }

    /// Waits for the result. Throws `RemoteError`, among others `promiseLost` if the service has forgotten the request.
    func value() async throws -> Result {
        var progress = Progress(wait: connection.waits.begin(verb))
        defer { connection.waits.end(progress.wait) }
        // Large results are announced by their size, which is reserved before they are asked for.
        var announced: Int?
        while true {
            let asked = connection.pacing.now()
            let reply: Wire.FutureReply<Result>?
            if let size = announced {
                reply = try await connection.replyBytes.withShare(size) { try await poll(&progress, metadataOnly: false) }
            } else {
                reply = try await poll(&progress, metadataOnly: true)
            }
            try Task.checkCancellation()
            switch reply {
            case .result(let result)?: return result
            case .failed(let failure)?:
                throw RemoteError.failed(connection.clean(failure.error), category: failure.category.rawValue)
            case .complete(let bytes)?: announced = max(bytes, 0)
            case .pending(let answer)?:
                connection.waits.update(progress.wait, state: connection.clean(answer.queueState))
                // A service that does not hold the request back must not be asked without a pause.
                let held = connection.pacing.now() - asked
                if held < 0.3 { try await connection.pacing.sleep(0.3) }
            case nil: break
            }
        }
    }

    /// One question; nil if it is to be asked again.
    private func poll(_ progress: inout Progress, metadataOnly: Bool) async throws -> Wire.FutureReply<Result>? {
        let call = ServiceCall(
            verb: verb, path: "/retrieve_future",
            body: Wire.RetrieveFutureRequest(requestID: requestID, allowsMetadataOnly: metadataOnly).jsonBody(),
            headers: [
                (name: "X-Tinker-Request-Iteration", value: String(progress.polls)), (name: "X-Tinker-Request-Type", value: kind),
            ], timeout: 45)
        progress.polls += 1
        let reply: HTTPReply
        do {
            reply = try await connection.polls.withShare(1) { try await connection.attemptOnce(call) }
        } catch let error as TransportError {
            switch error {
            case .timeout, .broken, .noConnection: return try await pause(&progress)
            case .notTrusted, .badAddress, .tooLarge, .cancelled: throw RemoteError.transport(error)
            }
        }
        switch reply.status {
        case 200..<300, 408:
            do {
                var answer = try read(reply)
                // Some results have no member that must be there, so a 408's explanation could pass for one.
                if reply.status == 408, case .result = answer {
                    answer = .pending(Wire.TryAgainResponse(requestID: requestID))
                }
                progress.refusals = 0
                progress.failures = 0
                progress.unreadable = 0
                return answer
            } catch {
                // A 408 without a body of the protocol's says the same: not yet.
                if reply.status == 408 { return .pending(Wire.TryAgainResponse(requestID: requestID)) }
                progress.unreadable += 1
                guard progress.unreadable <= 5 else { throw RemoteError.garbage(connection.describe(reply, error)) }
                return try await pause(&progress)
            }
        case 400:
            progress.refusals += 1
            guard progress.refusals <= 3 else { throw connection.refusal(reply) }
            try await connection.pacing.sleep(0.3)
            return nil
        case 402:
            let now = connection.pacing.now()
            let since = progress.unpaidSince ?? now
            progress.unpaidSince = since
            guard now - since < connection.billingPatience else { throw connection.refusal(reply) }
            connection.tell("the account cannot pay for \(verb); asking again every five seconds", onceFor: "billing")
            try await connection.pacing.sleep(5)
            return nil
        case 410: throw RemoteError.promiseLost
        case 429, 500...: return try await pause(&progress)
        default: throw connection.refusal(reply)
        }
    }

    /// 1, 2, 4 and so on to 30 seconds, without end: the result is still there when the network is back.
    private func pause(_ progress: inout Progress) async throws -> Wire.FutureReply<Result>? {
        let seconds = min(Double(1 << min(progress.failures, 5)), 30)
        progress.failures += 1
        connection.waits.update(progress.wait, state: "no answer")
        try await connection.pacing.sleep(seconds * (1 - 0.25 * connection.pacing.random()))
        return nil
    }
}

extension PendingResult {
    /// A request whose result is JSON.
    init(_ requestID: String, verb: String, kind: String, connection: ServiceConnection) {
        self.init(requestID, verb: verb, kind: kind, connection: connection) { reply throws(WireError) in
            try Wire.FutureReply<Result>(jsonBody: reply.body)
        }
    }
}

extension PendingResult where Result: ProtobufMessage {
    /// A request whose result may be protobuf.
    init(_ requestID: String, verb: String, kind: String, connection: ServiceConnection) {
        self.init(requestID, verb: verb, kind: kind, connection: connection) { reply throws(WireError) in
            let format = reply.headers["content-type"].flatMap(BodyFormat.init(contentType:)) ?? .json
            return try Wire.FutureReply<Result>(body: reply.body, format: format)
        }
    }
}

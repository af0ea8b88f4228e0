import Foundation
import Synchronization
import TinkerWire
import TrainingAPI

/// How requests reach one service: address, key, attempts and bounds.
package final class ServiceConnection: Sendable {
    private struct State {
        var hasConnected = false
        var token: AccessToken?
        var usesTokens = false
        var told: Set<String> = []
        /// What was sent last, to find it in what the service says.
        var lastKey: Secret?
    }

    let address: ServiceAddress
    let pacing: Pacing
    /// What the program says it is. Tinker refuses old versions, and each speaks a dialect of its own.
    let sdkVersion: String
    let transport: any HTTPTransport
    private let credentials: Credentials
    private let notice: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let tokenTurn = Budget(1)
    /// Bodies on their way to the service.
    private let requestBytes = Budget(50_000_000)
    /// Answers on their way from the service whose size is known before.
    let replyBytes = Budget(50 << 20)
    /// Long polls hold their connections, some of which must be left for everything else.
    let polls = Budget(CurlTransport.connectionLimit * 3 / 4)
    let samples = SampleGate()
    /// Results that are waited for.
    let waits: Waits

    /// A connection; nothing is sent yet. `notice` is told in one line of what a user should know, `waiting` every ten seconds of
    /// what is waited for, and nil when that is over.
    package init(
        address: ServiceAddress, credentials: Credentials, transport: any HTTPTransport, pacing: Pacing = .real,
        sdkVersion: String = "0.38.0", notice: @escaping @Sendable (String) -> Void = { _ in },
        waiting: @escaping @Sendable (String?) -> Void = { _ in }
    ) {
        self.address = address
        self.credentials = credentials
        self.transport = transport
        self.pacing = pacing
        self.sdkVersion = sdkVersion
        self.notice = notice
        waits = Waits(pacing: pacing) { text in waiting(text.map { "\(address.host): \($0)" }) }
    }

    /// Keys are exchanged for short-lived tokens from now on.
    func useTokens() { state.withLock { $0.usesTokens = true } }

    /// Tells the user something, once for each `topic`.
    func tell(_ text: String, onceFor topic: String? = nil) {
        if let topic, !state.withLock({ $0.told.insert(topic).inserted }) { return }
        notice("\(address.host): \(text)")
    }

    /// The failure of a verb.
    func failure(_ error: any Error, _ verb: String) -> any Error {
        switch error {
        case let error as RemoteError: RemoteFailure(error: error, verb: verb, service: address.host).trainingError
        case is CancellationError: TrainingError.cancelled
        case let error as WireError: RemoteFailure(error: .garbage("\(error)"), verb: verb, service: address.host).trainingError
        default: error
        }
    }

    /// Sends a call until it is answered, and reads the answer. Throws `RemoteError`.
    func call<Reply: JSONMessage>(_ call: ServiceCall, as type: Reply.Type = Reply.self) async throws -> Reply {
        try await exchange(call) { reply throws(WireError) in try Reply(jsonBody: reply.body) }
    }

    /// Sends a call until it is answered by what can be read.
    func exchange<Reply>(_ call: ServiceCall, _ read: (HTTPReply) throws(WireError) -> Reply) async throws -> Reply {
        let start = pacing.now()
        var attempt = 0
        var conflicts = 0
        var reconnections = 0
        var unreadable = 0
        var unpaidSince: Double?
        var hasRenewedToken = false
        while true {
            let verdict: RetryPolicy.Verdict
            let failure: RemoteError
            do {
                let reply = try await requestBytes.withShare(call.body?.count ?? 0) {
                    try await attemptOnce(call, needsFreshConnection: reconnections > 0)
                }
                if reply.status == 409 { conflicts += 1 }
                let judged = call.policy.verdict(for: reply, conflicts: conflicts)
                if judged == .accept {
                    do {
                        let result = try read(reply)
                        state.withLock { $0.hasConnected = true }
                        return result
                    } catch {
                        // Proxies put pages of their own in the place of answers. The same request is sent again.
                        failure = .garbage(describe(reply, error))
                        unreadable += 1
                        verdict = isFirstContact || unreadable > 3 ? .fail : .backOff
                    }
                } else {
                    failure = refusal(reply)
                    verdict = judged
                }
            } catch let error as TransportError {
                failure = error == .cancelled ? .cancelled : .transport(error)
                verdict = call.policy.verdict(for: error, isFirstContact: isFirstContact)
            }
            try Task.checkCancellation()
            switch verdict {
            case .accept, .fail: throw failure
            case .wait(let seconds):
                guard pacing.now() - start + seconds <= call.policy.patience else { throw failure }
                try await pacing.sleep(seconds)
            case .backOff:
                let seconds = RetryPolicy.pause(attempt: attempt, random: pacing.random())
                guard pacing.now() - start + seconds <= call.policy.patience else { throw failure }
                try await pacing.sleep(seconds)
            case .awaitPayment:
                guard call.policy.patience > 0 else { throw failure }
                let since = unpaidSince ?? pacing.now()
                unpaidSince = since
                guard pacing.now() - since < billingPatience else { throw failure }
                tell("the account cannot pay for \(call.verb); asking again every five seconds", onceFor: "billing")
                try await pacing.sleep(5)
            case .reconnect:
                reconnections += 1
                guard reconnections <= 16 else { throw failure }
            case .renewToken:
                guard !hasRenewedToken, state.withLock({ $0.usesTokens }) else { throw failure }
                hasRenewedToken = true
                state.withLock { $0.token = nil }
            }
            attempt += 1
        }
    }

    /// One attempt, whatever comes of it.
    func attemptOnce(_ call: ServiceCall, needsFreshConnection: Bool = false) async throws -> HTTPReply {
        var headers = [
            (name: "Accept", value: "application/x-protobuf, application/json"), (name: "User-Agent", value: "rlhf-repl"),
            (name: "x-sdk-version", value: sdkVersion),
        ]
        if call.body != nil { headers.append((name: "Content-Type", value: call.format.rawValue)) }
        if call.coding != .identity { headers.append((name: "Content-Encoding", value: call.coding.rawValue)) }
        if let key = try await authorization() { headers.append((name: "X-API-Key", value: key.text)) }
        return try await transport.send(
            HTTPRequest(
                method: call.method, url: address.base + "/api/v1" + call.path, headers: headers + call.headers, body: call.body,
                timeout: call.timeout, replyLimit: WireLimits().bodyBytes, needsFreshConnection: needsFreshConnection))
    }

    /// A refusal in the service's words.
    func refusal(_ reply: HTTPReply) -> RemoteError {
        let detail = describe(reply, nil)
        return reply.status == 402 ? .unpaid(detail) : .refused(status: reply.status, detail: detail)
    }

    var isFirstContact: Bool { state.withLock { !$0.hasConnected } }

    /// How long an unpaid bill is waited for, in seconds.
    var billingPatience: Double { 3600 }

    // MARK: Texts

    /// What an answer says, in one line that is safe to print.
    func describe(_ reply: HTTPReply, _ problem: WireError?) -> String {
        let text: String
        if problem == nil, let error = try? Wire.ErrorResponse(jsonBody: reply.body) {
            text = error.description
        } else if reply.headers["content-type"]?.contains("html") == true || reply.body.starts(with: Array("<".utf8)) {
            text = "a web page instead of an answer"
        } else if let problem {
            text = problem.description
        } else {
            text = reply.body.isEmpty ? "no explanation" : String(decoding: reply.body.prefix(300), as: UTF8.self)
        }
        return clean(text)
    }

    /// A service's words without keys and control characters.
    func clean(_ text: String) -> String {
        var text = String(text.unicodeScalars.filter { !$0.properties.generalCategory.isControl || $0 == "\n" }.prefix(2000))
        text = text.split(separator: "\n").joined(separator: " ")
        for secret in state.withLock({ [$0.lastKey, $0.token?.secret] }).compactMap({ $0 }) {
            text = secret.redacted(from: text)
        }
        return text
    }

    // MARK: Keys

    /// What stands in `X-API-Key`.
    private func authorization() async throws -> Secret? {
        guard state.withLock({ $0.usesTokens }) else { return try currentKey() }
        if let token = state.withLock({ $0.token }), pacing.now() < token.renewAt { return token.secret }
        return try await tokenTurn.withShare(1) {
            if let token = state.withLock({ $0.token }), pacing.now() < token.renewAt { return token.secret }
            let token = try await exchangeKey()
            state.withLock { $0.token = token }
            return token.secret
        }
    }

    private func currentKey() throws(RemoteError) -> Secret? {
        let key = try credentials.key()
        state.withLock { $0.lastKey = key }
        return key
    }

    private func exchangeKey() async throws -> AccessToken {
        guard let key = try currentKey() else {
            throw RemoteError.refused(status: 401, detail: "the service wants a key, and there is none")
        }
        let reply = try await transport.send(
            HTTPRequest(
                method: "POST", url: address.base + "/api/v1/auth/token",
                headers: [
                    (name: "Accept", value: "application/json"), (name: "Content-Type", value: "application/json"),
                    (name: "X-API-Key", value: key.text),
                ], body: Wire.TokenRequest().jsonBody(), timeout: 60, replyLimit: 1 << 20))
        guard (200..<300).contains(reply.status) else { throw refusal(reply) }
        let text: String
        do { text = try Wire.TokenResponse(jsonBody: reply.body).jwt } catch { throw RemoteError.garbage(describe(reply, error)) }
        return AccessToken(text, now: pacing.now())
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isControl: Bool { self == .control || self == .format }
}

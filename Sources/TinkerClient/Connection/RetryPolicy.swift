/// Which answers and failures are worth another attempt, and when. Requests keep their bytes from attempt to attempt, so a service
/// that knows a sequence number already returns what it returned before.
struct RetryPolicy: Sendable {
    /// The time after which no new attempt is made, in seconds.
    var patience: Double
    /// The most attempts at requests that the service answers with 409.
    var conflictAttempts: Int
    /// Whether 429 is answered by the caller, who knows what else is waiting.
    var leavesThrottling = false
    /// Whether 500 and 501 are final, because the request may be in a form that the service does not know.
    var givesUpOnServerErrors = false

    /// Whether an address to go to is an answer.
    var acceptsRedirects = false

    /// Most calls.
    static let standard = RetryPolicy(patience: 300, conflictAttempts: 10)
    /// Saves: a name that is taken stays taken.
    static let save = RetryPolicy(patience: 300, conflictAttempts: 0)
    /// Samples: a service that is overloaded is waited for.
    static let sample = RetryPolicy(patience: 7200, conflictAttempts: 10, leavesThrottling: true)
    /// Heartbeats, which come again soon.
    static let once = RetryPolicy(patience: 0, conflictAttempts: 0)

    /// What to do after an attempt.
    enum Verdict: Equatable {
        case accept
        case fail
        /// Once more after a pause that grows.
        case backOff
        /// Once more after these seconds.
        case wait(Double)
        /// The account has to be paid first: asks again every five seconds for as long as the service allows.
        case awaitPayment
        /// Once more on a new connection: a proxy has answered in the service's place.
        case reconnect
        /// Once more with a new token.
        case renewToken
    }

    /// What an answer means.
    func verdict(for reply: HTTPReply, conflicts: Int) -> Verdict {
        let status = reply.status
        if (200..<300).contains(status) || acceptsRedirects && (300..<400).contains(status) { return .accept }
        if status == 401, reply.headers["www-authenticate"]?.contains("invalid_token") == true { return .renewToken }
        if status == 402 { return .awaitPayment }
        if status == 400, reply.body.isEmpty { return .reconnect }
        if givesUpOnServerErrors, status == 500 || status == 501 { return .fail }
        if status == 429, leavesThrottling { return .fail }
        switch reply.headers["x-should-retry"] {
        case "true": return Self.pause(reply)
        case "false": return .fail
        default: break
        }
        if status == 409 { return conflicts < conflictAttempts ? Self.pause(reply) : .fail }
        return status == 408 || status == 429 || status >= 500 ? Self.pause(reply) : .fail
    }

    /// What a failure to get an answer means. Before the first answer ever, a wrong address is likelier than a broken network.
    func verdict(for error: TransportError, isFirstContact: Bool) -> Verdict {
        switch error {
        case .timeout, .broken: .backOff
        case .noConnection: isFirstContact ? .fail : .backOff
        case .notTrusted, .badAddress, .tooLarge, .cancelled: .fail
        }
    }

    /// How long a service asks to be left alone; more than a minute is not believed.
    private static func pause(_ reply: HTTPReply) -> Verdict {
        if let milliseconds = reply.headers["retry-after-ms"].flatMap(Double.init), (0...60000).contains(milliseconds) {
            return .wait(milliseconds / 1000)
        }
        if let seconds = reply.headers["retry-after"].flatMap(Double.init), (0...60).contains(seconds) { return .wait(seconds) }
        return .backOff
    }

    /// The pause before attempt `attempt` + 1, in seconds: half a second, doubled up to ten, less up to a quarter by chance, so that
    /// many clients do not come back at once.
    static func pause(attempt: Int, random: Double) -> Double {
        min(0.5 * Double(1 << min(attempt, 10)), 10) * (1 - 0.25 * random)
    }
}

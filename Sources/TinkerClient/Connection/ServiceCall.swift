import TinkerWire

/// A request to a service, without what is the same for all.
struct ServiceCall: Sendable {
    /// For messages: `forward_backward`.
    var verb: String
    var method = "POST"
    /// Behind `/api/v1`.
    var path: String
    var body: [UInt8]?
    var format = BodyFormat.json
    var coding = ContentCoding.identity
    var headers: [(name: String, value: String)] = []
    var policy = RetryPolicy.standard
    /// The most seconds of one attempt.
    var timeout = 60.0

    /// A call that posts a message as JSON.
    static func post(
        _ verb: String, _ message: some JSONMessage, path: String? = nil, policy: RetryPolicy = .standard
    ) -> ServiceCall {
        ServiceCall(verb: verb, path: path ?? "/" + verb, body: message.jsonBody(), policy: policy)
    }

    /// A call that fetches.
    static func get(_ verb: String, _ path: String? = nil) -> ServiceCall {
        ServiceCall(verb: verb, method: "GET", path: path ?? "/" + verb)
    }
}

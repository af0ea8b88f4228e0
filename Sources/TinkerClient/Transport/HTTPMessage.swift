/// A request to a service.
package struct HTTPRequest: Sendable {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    package var method: String
    /// The whole address.
    package var url: String
    /// Header fields; some hold the key, so they are never shown.
    package var headers: [(name: String, value: String)]
    /// What is sent; nil for requests without a body.
    package var body: [UInt8]?
    /// The most time until the last byte of the answer, in seconds.
    package var timeout: Double
    /// The most bytes of the answer, after decompression.
    package var replyLimit: Int
    /// Whether no connection that was used before may carry it.
    package var needsFreshConnection: Bool
    /// Takes the body of an answer of success part by part, with its size where that is known; false ends the transfer. Such a
    /// transfer may last for as long as something comes. Without it the body is kept in memory.
    package var receiver: (@Sendable (_ part: [UInt8], _ total: Int?) -> Bool)?

    /// Made of its parts.
    package init(
        method: String, url: String, headers: [(name: String, value: String)], body: [UInt8]?, timeout: Double, replyLimit: Int,
        needsFreshConnection: Bool = false, receiver: (@Sendable (_ part: [UInt8], _ total: Int?) -> Bool)? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.replyLimit = replyLimit
        self.needsFreshConnection = needsFreshConnection
        self.receiver = receiver
    }
}

/// A service's answer.
package struct HTTPReply: Sendable {
    /// The status code.
    package var status: Int
    /// Header fields by lower-case name.
    package var headers: [String: String]
    /// The body, decompressed.
    package var body: [UInt8]

    /// Made of its parts.
    package init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why there is no answer. Texts are libcurl's; none of them holds a header.
package enum TransportError: Error, Sendable, Equatable {
    /// The name is unknown, nobody listens, or there is no route.
    case noConnection(String)
    /// The service's certificate does not hold, or TLS failed otherwise.
    case notTrusted(String)
    /// The address is none.
    case badAddress(String)
    /// No answer came in time.
    case timeout
    /// The connection broke in the middle of a request or an answer.
    case broken(String)
    /// The answer is larger than the limit of this many bytes.
    case tooLarge(Int)
    /// The one who asked has lost interest.
    case cancelled
}

/// What carries requests.
package protocol HTTPTransport: Sendable {
    /// Sends a request and waits for the answer. Cancelling the surrounding task ends the transfer.
    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPReply
}

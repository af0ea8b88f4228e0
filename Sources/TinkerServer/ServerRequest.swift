import TinkerWire

/// A request as the router sees it, whatever listener it came through.
package struct ServerRequest: Sendable {
    /// The method in capitals.
    package var method: String
    /// The path, percent-decoded, without the query.
    package var path: String
    /// The query's parameters.
    package var query: [String: String]
    /// The headers, by name in lower case.
    package var headers: [String: String]
    /// The body as it was sent.
    package var body: [UInt8]

    /// Made of its parts.
    package init(
        method: String, path: String, query: [String: String] = [:], headers: [String: String] = [:], body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// How the body is written; JSON where nothing is said. Throws status 415 for any other type, which also keeps out web pages:
    /// a browser sends these types to another site only after asking it, and this server never agrees.
    var format: BodyFormat {
        get throws(ServerError) {
            guard let type = headers["content-type"] else { return .json }
            guard let format = BodyFormat(contentType: type) else {
                throw ServerError(415, "content type '\(type.prefix(80))' is unknown; send application/json or application/x-protobuf")
            }
            return format
        }
    }

    /// The message that the body, already unpacked, holds as JSON.
    func json<Message: JSONMessage>(_: Message.Type = Message.self, _ limits: WireLimits) throws -> Message {
        guard try format == .json else { throw ServerError(415, "\(path) takes application/json") }
        return try Message(jsonBody: body.isEmpty ? Array("{}".utf8) : body, limits: limits)
    }

    /// A number in the query, within a range.
    func number(_ name: String, default normal: Int, in range: ClosedRange<Int>) throws(ServerError) -> Int {
        guard let text = query[name] else { return normal }
        guard let value = Int(text), range.contains(value) else {
            throw ServerError(422, "'\(name)' takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}

/// What the router answers.
package struct ServerResponse: Sendable {
    /// The status code.
    package var status: Int
    /// The headers, by name in lower case.
    package var headers: [String: String]
    /// The body.
    package var body: [UInt8]

    /// Made of its parts.
    package init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A message as JSON.
    static func json(_ message: any JSONMessage, status: Int = 200) -> ServerResponse {
        ServerResponse(status: status, headers: ["content-type": BodyFormat.json.rawValue], body: message.jsonBody())
    }

    /// Done, and nothing to say.
    static let noContent = ServerResponse(status: 204)
}

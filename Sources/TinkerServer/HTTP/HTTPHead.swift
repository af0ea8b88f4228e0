import Foundation

/// The request line and headers of an HTTP/1.1 request (RFC 9112).
struct HTTPHead: Equatable {
    /// How the end of the body is known.
    enum Framing: Equatable {
        case length(Int)
        case chunked
    }

    /// The request without its body.
    var request: Request
    let framing: Framing
    /// Whether the connection takes another request after this one.
    let keepsConnection: Bool
    /// Whether the client waits for leave to send the body.
    let expectsContinue: Bool

    /// What the router is told of a head.
    struct Request: Equatable {
        let method: String
        let path: String
        let query: [String: String]
        let headers: [String: String]
    }

    /// What is wrong with a request that cannot be read to its end; the connection closes after it.
    struct Problem: Error, Equatable {
        let status: Int
        let message: String

        init(_ status: Int, _ message: String) {
            self.status = status
            self.message = message
        }
    }

    /// The number of bytes up to the end of the head, the empty line included; nil if it is not there yet. The first `seen` bytes
    /// are known not to hold the end.
    static func end(in bytes: [UInt8], seen: Int) -> Int? {
        // The end is a line feed, an optional carriage return and a line feed.
        var position = max(0, seen - 2)
        while position + 1 < bytes.count {
            if bytes[position] == 0x0a {
                if bytes[position + 1] == 0x0a { return position + 2 }
                if bytes[position + 1] == 0x0d, position + 2 < bytes.count, bytes[position + 2] == 0x0a { return position + 3 }
            }
            position += 1
        }
        return nil
    }

    /// Reads a head.
    init(_ bytes: some Sequence<UInt8>) throws(Problem) {
        let text = String(decoding: Array(bytes), as: UTF8.self)
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.last == "\r" ? line.dropLast() : line)
        }
        let first = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard first.count == 3, !first[0].isEmpty, !first[1].isEmpty, first[2].hasPrefix("HTTP/") else {
            throw Problem(400, "the first line is no HTTP request")
        }
        guard first[2].hasPrefix("HTTP/1.") else { throw Problem(505, "this server speaks HTTP/1.1") }
        let headers = try Self.headers(lines.prefix { !$0.isEmpty })
        let (path, query) = try Self.target(first[1])
        request = Request(method: first[0], path: path, query: query, headers: headers)
        framing = try Self.framing(headers)
        let connection = headers["connection"]?.lowercased() ?? ""
        keepsConnection = first[2] == "HTTP/1.0" ? connection.contains("keep-alive") : !connection.contains("close")
        expectsContinue = headers["expect"]?.lowercased() == "100-continue"
    }

    private static func headers(_ lines: some Sequence<String>) throws(Problem) -> [String: String] {
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex, !line[..<colon].contains(where: \.isWhitespace) else {
                throw Problem(400, "a header line is malformed")
            }
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers[name] = headers[name].map { "\($0), \(value)" } ?? value
        }
        return headers
    }

    private static func framing(_ headers: [String: String]) throws(Problem) -> Framing {
        switch (headers["transfer-encoding"]?.lowercased(), headers["content-length"]) {
        case (nil, nil): return .length(0)
        case (nil, let length?):
            guard length.allSatisfy({ $0.isASCII && $0.isNumber }), let count = Int(length) else {
                throw Problem(400, "Content-Length is no length")
            }
            return .length(count)
        case ("chunked"?, nil): return .chunked
        // Two lengths of one body are how requests are smuggled past proxies.
        case (_?, _?): throw Problem(400, "Transfer-Encoding and Content-Length exclude each other")
        case (_?, nil): throw Problem(501, "Transfer-Encoding is chunked or absent here")
        }
    }

    private static func target(_ text: String) throws(Problem) -> (path: String, query: [String: String]) {
        var target = text[...]
        // Proxies are sent whole addresses.
        if let scheme = target.range(of: "://"), !target.hasPrefix("/") {
            target = target[scheme.upperBound...]
            target = target[(target.firstIndex(of: "/") ?? target.endIndex)...]
        }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = (parts.first ?? "").removingPercentEncoding else { throw Problem(400, "the path is not percent-encoded") }
        var query: [String: String] = [:]
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { $0.removingPercentEncoding }
            guard let name = sides[0], let value = sides.count > 1 ? sides[1] : "" else {
                throw Problem(400, "the query is not percent-encoded")
            }
            query[name] = value
        }
        return (path.isEmpty ? "/" : path, query)
    }
}

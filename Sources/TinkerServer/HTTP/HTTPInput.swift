import FlyingSocks

/// What a connection's client sends, read in order and never beyond what is asked for by much.
struct HTTPInput {
    private let socket: AsyncSocket
    private var buffer: [UInt8] = []

    init(socket: AsyncSocket) { self.socket = socket }

    /// Waits for the next byte; false at the end of the connection.
    mutating func hasMore() async throws -> Bool {
        if !buffer.isEmpty { return true }
        do { try await fill() } catch SocketError.disconnected { return false }
        return true
    }

    private mutating func fill() async throws { buffer += try await socket.read(atMost: 4096) }

    private mutating func take(_ count: Int) -> [UInt8] {
        let taken = Array(buffer.prefix(count))
        buffer.removeFirst(taken.count)
        return taken
    }

    /// The next request's head. Throws `HTTPHead.Problem` for one that is too long or malformed.
    mutating func head(atMost limit: Int) async throws -> HTTPHead {
        // Some clients send an empty line after a body.
        while let first = buffer.first, first == 0x0d || first == 0x0a {
            buffer.removeFirst()
            if buffer.isEmpty { try await fill() }
        }
        var seen = 0
        while true {
            if let end = HTTPHead.end(in: buffer, seen: seen) {
                guard end <= limit else { break }
                return try HTTPHead(take(end))
            }
            guard buffer.count <= limit else { break }
            seen = buffer.count
            try await fill()
        }
        throw HTTPHead.Problem(431, "the request line and headers have more than \(limit) bytes, which is the limit")
    }

    /// The body of a request; `progress` is called before each read. Throws `HTTPHead.Problem` for one that is too long or malformed.
    mutating func body(_ framing: HTTPHead.Framing, atMost limit: Int, _ progress: () -> Void) async throws -> [UInt8] {
        guard case .chunked = framing else {
            guard case .length(let count) = framing, count > 0 else { return [] }
            return try await exactly(count, progress)
        }
        var body: [UInt8] = []
        while true {
            let size = try await line(progress)
            // What follows a semicolon are extensions, which mean nothing here.
            let digits = size.prefix { $0 != ";" }.filter { !$0.isWhitespace }
            guard let count = Int(digits, radix: 16), count >= 0, digits.first?.isHexDigit ?? false else {
                throw HTTPHead.Problem(400, "a chunk of the body has no length")
            }
            if count == 0 { break }
            guard count <= limit - body.count else {
                throw HTTPHead.Problem(413, "the body has more than \(limit) bytes, which is the limit")
            }
            body += try await exactly(count, progress)
            guard try await line(progress).isEmpty else { throw HTTPHead.Problem(400, "a chunk of the body is longer than it says") }
        }
        // Trailers, up to the empty line.
        while try await !line(progress).isEmpty {}
        return body
    }

    private mutating func exactly(_ count: Int, _ progress: () -> Void) async throws -> [UInt8] {
        var bytes = take(count)
        while bytes.count < count {
            progress()
            bytes += try await socket.read(atMost: count - bytes.count)
        }
        return bytes
    }

    private mutating func line(_ progress: () -> Void) async throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 0x0a) {
                let line = take(end + 1).dropLast()
                return String(decoding: line.last == 0x0d ? line.dropLast() : line, as: UTF8.self)
            }
            guard buffer.count < 1 << 12 else { throw HTTPHead.Problem(400, "a line of the body's framing is too long") }
            progress()
            try await fill()
        }
    }

    /// Reads to the end of the connection, or as many bytes.
    mutating func discard(atMost limit: Int) async throws {
        var count = buffer.count
        while count < limit { count += try await socket.read(atMost: 4096).count }
    }
}

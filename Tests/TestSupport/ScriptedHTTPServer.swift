public import Foundation
import Synchronization

/// An HTTP/1.1 server on a free port of this machine that answers as a test says, and breaks off where a test says so. Each
/// connection has a thread of its own.
public final class ScriptedHTTPServer: Sendable {
    /// A request as it came.
    public struct Request: Sendable {
        /// The first line, for instance `POST /x HTTP/1.1`.
        public let line: String
        /// Header fields by lower-case name.
        public let headers: [String: String]
        /// The body.
        public let body: Data
    }

    /// What to do about a request.
    public enum Action: Sendable {
        /// An answer with `Content-Length`, or with the given one, after which the connection is closed.
        case answer(status: Int, headers: [String: String] = [:], body: Data, claimedLength: Int? = nil)
        /// These very bytes, after which the connection is closed.
        case raw(Data)
        /// Nothing until the client goes away.
        case silence
    }

    /// The port on 127.0.0.1.
    public let port: Int
    /// The server's address.
    public var url: String { "http://127.0.0.1:\(port)" }
    private let socket: Int32
    private let handler: @Sendable (Request) -> Action

    /// Starts to listen.
    public init(_ handler: @escaping @Sendable (Request) -> Action) throws {
        self.handler = handler
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(socket, pointer, length) == 0 && listen(socket, 64) == 0 && getsockname(socket, pointer, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        self.socket = socket
        port = Int(UInt16(bigEndian: address.sin_port))
        let thread = Thread { [weak self] in
            while true {
                let connection = accept(socket, nil, nil)
                guard connection >= 0, let server = self else { return }
                Thread { server.serve(connection) }.start()
            }
        }
        thread.start()
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var buffer = Data()
        while let request = read(connection, &buffer) {
            switch handler(request) {
            case .answer(let status, let headers, let body, let claimed):
                var head = "HTTP/1.1 \(status) X\r\nContent-Length: \(claimed ?? body.count)\r\n"
                for (name, value) in headers { head += "\(name): \(value)\r\n" }
                send(connection, Data((head + "\r\n").utf8) + body)
                if claimed != nil { return }
            case .raw(let bytes): return send(connection, bytes)
            case .silence:
                var byte: UInt8 = 0
                while recv(connection, &byte, 1, 0) > 0 {}
                return
            }
        }
    }

    private func send(_ connection: Int32, _ data: Data) {
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private func read(_ connection: Int32, _ buffer: inout Data) -> Request? {
        let end = Data("\r\n\r\n".utf8)
        while buffer.range(of: end) == nil { guard receive(connection, &buffer) else { return nil } }
        guard let range = buffer.range(of: end) else { return nil }
        let lines = String(decoding: buffer[..<range.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        buffer = Data(buffer[range.upperBound...])
        while buffer.count < length { guard receive(connection, &buffer) else { return nil } }
        let body = Data(buffer.prefix(length))
        buffer = Data(buffer.dropFirst(length))
        return Request(line: lines[0], headers: headers, body: body)
    }

    private func receive(_ connection: Int32, _ buffer: inout Data) -> Bool {
        var part = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(connection, &part, part.count, 0)
        guard count > 0 else { return false }
        buffer.append(contentsOf: part[..<count])
        return true
    }
}

import Foundation
import Synchronization
import TestSupport
import Testing
import TinkerServer

/// What the server makes of bytes that clients of any kind send.
@Suite("HTTP", .timeLimit(.minutes(10)))
struct HTTPTests {
    /// A toy service on a free port while the body runs.
    private func withServer(
        _ change: (inout ServerConfiguration) -> Void = { _ in }, _ body: (UInt16) async throws -> Void
    ) async throws {
        var configuration = ServerConfiguration()
        change(&configuration)
        let router = try Router(service: FakeService(), configuration: configuration)
        let listener = try HTTPListener(host: "127.0.0.1", port: 0, router: router)
        let (ports, found) = AsyncStream<UInt16>.makeStream()
        let running = Task { try await listener.run { found.yield($0) } }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(port)) } catch { outcome = .failure(error) }
        await listener.stop(patience: .seconds(1))
        try await running.value
        try outcome.get()
    }

    /// What comes back until the server closes the connection.
    private func exchange(_ port: UInt16, _ text: String) async throws -> String {
        let client = try PlainClient(port: port)
        return await onThread {
            client.send(text)
            return client.readToEnd()
        }
    }

    private static let health = "GET /healthz HTTP/1.1\r\nHost: x\r\n"

    @Test("requests may follow each other without waiting, in chunks, and as HTTP/1.0")
    func forms() async throws {
        try await withServer { port in
            let chunked = #"{"sdk_version":"1","#
            let rest = #""tags":[]}"#
            let text =
                "\r\n" + Self.health + "\r\n"
                + "POST /api/v1/create_session HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "\(String(chunked.utf8.count, radix: 16));x=y\r\n\(chunked)\r\n\(String(rest.utf8.count, radix: 16))\r\n\(rest)\r\n0\r\nA: b\r\n\r\n"
                + "GET http://other/healthz?a=%20b&c HTTP/1.1\n\n" + "HEAD /nothing HTTP/1.1\r\n\r\n" + "GET /healthz HTTP/1.0\r\n\r\n"
            let answer = try await exchange(port, text)
            let statuses = answer.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.1) }
            #expect(statuses == ["200", "200", "200", "404", "200"])
            #expect(answer.contains("session_id"))
            // The answer to HEAD says how long it would be, and is empty.
            #expect(answer.contains(/404 Not Found\r\n(?:.+\r\n)+\r\nHTTP/))
        }
    }

    @Test(
        "a request that cannot be read is answered with what is wrong, and the connection closes",
        arguments: [
            ("hello\r\n\r\n", 400, "no HTTP request"),
            ("GET / HTTP/2.0\r\n\r\n", 505, "HTTP/1.1"),
            ("GET / HTTP/1.1\r\nA : b\r\n\r\n", 400, "header line"),
            ("GET /%zz HTTP/1.1\r\n\r\n", 400, "percent"),
            ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "Content-Length"),
            ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400, "Content-Length"),
            ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "exclude"),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "chunked"),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400, "chunk"),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400, "longer"),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", 413, "limit"),
            ("POST /x HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\n", 413, "67108864"),
            ("GET / HTTP/1.1\r\nA: " + String(repeating: "b", count: 70_000), 431, "65536"),
            (String(repeating: "x", count: 70_000), 431, "65536"),
        ])
    func malformed(text: String, status: Int, reason: String) async throws {
        try await withServer({ $0.limits.lingerSeconds = 0.5 }) { port in
            let client = try PlainClient(port: port)
            let answer = await onThread {
                client.send(text)
                client.endSending()
                return client.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains(reason))
        }
    }

    @Test("a client that waits for leave to send a body gets it, or the refusal before the body")
    func continues() async throws {
        try await withServer { port in
            let body = #"{"sdk_version":"1"}"#
            let head = "POST /api/v1/create_session HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\n"
            let answer = try await exchange(port, head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
            #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"))
            let refusal = try await exchange(port, head + "Content-Length: 1000000000\r\n\r\n")
            #expect(refusal.hasPrefix("HTTP/1.1 413"))
        }
    }

    @Test("a client that does not go on is hung up on, and others are served meanwhile")
    func slowClients() async throws {
        try await withServer({
            $0.limits.headerSeconds = 0
            $0.limits.stallSeconds = 0
        }) { port in
            let slow = try PlainClient(port: port)
            slow.send("GET /hea")
            let stalled = try PlainClient(port: port)
            stalled.send("POST /api/v1/create_session HTTP/1.1\r\nContent-Length: 10\r\n\r\n{")
            let (first, second) = await onThread { (slow.readToEnd(), stalled.readToEnd()) }
            #expect(first.isEmpty)
            #expect(second.isEmpty)
        }
    }

    @Test("connections beyond the limit are told so, and one that closes makes room")
    func surplus() async throws {
        try await withServer({ $0.limits.connections = 2 }) { port in
            var clients = try (0..<2).map { _ in try PlainClient(port: port) }
            for client in clients { #expect(await client.ask(Self.health + "\r\n").hasPrefix("HTTP/1.1 200")) }
            let answer = try await exchange(port, Self.health + "\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 429"))
            #expect(answer.contains("2 connections are open"))
            clients.removeLast()
            var status = ""
            repeat {
                status = try await exchange(port, Self.health + "Connection: close\r\n\r\n")
            } while status.hasPrefix("HTTP/1.1 429")
            #expect(status.hasPrefix("HTTP/1.1 200"))
        }
    }
}

/// What blocks has a thread of its own: the server needs those of the tasks.
private func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: work()) }
    }
}

/// A TCP connection for bytes of any kind.
final class PlainClient: Sendable {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(status == 0)
    }

    deinit { close(descriptor) }

    /// Sends what the server takes.
    func send(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    func endSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes at once.
    func read() -> String {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }

    func readToEnd() -> String {
        var text = ""
        while case let part = read(), !part.isEmpty { text += part }
        return text
    }

    func ask(_ text: String) async -> String {
        await onThread {
            self.send(text)
            return self.read()
        }
    }
}

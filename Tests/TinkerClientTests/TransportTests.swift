import Foundation
import TestSupport
import Testing
import TinkerClient

/// libcurl against a server that misbehaves.
struct TransportTests {
    private func request(_ url: String, body: [UInt8]? = nil, timeout: Double = 10, limit: Int = 1 << 20) -> HTTPRequest {
        HTTPRequest(
            method: body == nil ? "GET" : "POST", url: url, headers: [(name: "X-API-Key", value: "tml-secret")], body: body,
            timeout: timeout, replyLimit: limit)
    }

    private let transport = CurlTransport(environment: [:])

    @Test("A request arrives with its body and headers, and the answer comes back, many times at once")
    func exchange() async throws {
        let server = try ScriptedHTTPServer { request in
            .answer(status: 202, headers: ["X-Key": request.headers["x-api-key"] ?? ""], body: request.body)
        }
        let body = [UInt8]((0..<200_000).map { UInt8(truncatingIfNeeded: $0) })
        try await withThrowingTaskGroup(of: HTTPReply.self) { group in
            for _ in 0..<20 { group.addTask { try await transport.send(request(server.url + "/x", body: body)) } }
            while let reply = try await group.next() {
                #expect(reply.status == 202)
                #expect(reply.headers["x-key"] == "tml-secret")
                #expect(reply.body == body)
            }
        }
    }

    @Test("An answer that breaks off, or is no HTTP, is a broken connection")
    func broken() async throws {
        let server = try ScriptedHTTPServer { request in
            request.line.contains("cut")
                ? .answer(status: 200, body: Data("half".utf8), claimedLength: 100) : .raw(Data("garbage".utf8))
        }
        for path in ["/cut", "/garbage"] {
            await #expect {
                try await transport.send(request(server.url + path))
            } throws: { error in
                if case .broken = error as? TransportError { true } else { false }
            }
        }
    }

    @Test("An answer beyond the limit ends the transfer")
    func tooLarge() async throws {
        let server = try ScriptedHTTPServer { _ in .answer(status: 200, body: Data(count: 100_000)) }
        await #expect(throws: TransportError.tooLarge(1000)) { try await transport.send(request(server.url, limit: 1000)) }
    }

    @Test("Nobody listening is no connection, and a text without a scheme of the web no address")
    func noConnection() async throws {
        let port = try ScriptedHTTPServer { _ in .silence }.port
        await #expect {
            try await transport.send(request("http://127.0.0.1:\(port)"))
        } throws: { error in
            if case .noConnection = error as? TransportError { true } else { false }
        }
        await #expect {
            try await transport.send(request("file:///etc/passwd"))
        } throws: { error in
            if case .badAddress = error as? TransportError { true } else { false }
        }
    }

    @Test("Cancelling ends a transfer that would last for long")
    func cancellation() async throws {
        let server = try ScriptedHTTPServer { _ in .silence }
        let task = Task { try await transport.send(request(server.url, timeout: 3600)) }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        let result = await task.result
        // The server never answers: but for the cancelling this would have been the timeout's error.
        #expect(throws: TransportError.cancelled) { try result.get() }
    }

    @Test("A server that says nothing runs into the timeout")
    func timeout() async throws {
        let server = try ScriptedHTTPServer { _ in .silence }
        await #expect(throws: TransportError.timeout) { try await transport.send(request(server.url, timeout: 0.2)) }
    }
}

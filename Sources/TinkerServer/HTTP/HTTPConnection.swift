import FlyingSocks
import Foundation
import Synchronization

/// One connection: reads requests, hands them to a router and writes the answers, one after the other.
final class HTTPConnection: Sendable {
    private struct State {
        /// When the client has to have sent or taken something; nil while it is our turn.
        var deadline: Date?
        var isOpen = true
        var isClosing = false
        var isIdle = true
    }

    private let socket: AsyncSocket
    private let router: Router
    /// Answers every request with 429: there are too many connections.
    private let isSurplus: Bool
    private let state = Mutex(State())

    init(_ socket: AsyncSocket, router: Router, isSurplus: Bool) {
        self.socket = socket
        self.router = router
        self.isSurplus = isSurplus
    }

    private var limits: ServerLimits { router.limits }

    /// Serves the connection to its end. A connection that breaks off needs no more than to be closed.
    func run() async {
        do {
            // A response would wait for the client's delayed acknowledgement, 40 ms each time.
            try socket.socket.setValue(true, for: BoolSocketOption(level: Int32(IPPROTO_TCP), name: TCP_NODELAY))
            try await serve()
        } catch {}
        state.withLock { state in
            state.isOpen = false
            try? socket.close()
        }
    }

    /// Ends the connection if the client's time is over.
    func checkDeadline(_ now: Date) {
        state.withLock { if let deadline = $0.deadline, deadline < now { hangUp($0) } }
    }

    /// Ends the connection: at once if it is idle, else after the present request.
    func finish() {
        state.withLock { state in
            state.isClosing = true
            if state.isIdle { hangUp(state) }
        }
    }

    /// Ends the connection whatever it does.
    func abort() { state.withLock { hangUp($0) } }

    private func hangUp(_ state: State) {
        // Wakes whoever reads or writes. Once closed, the number may be another connection's.
        if state.isOpen { _ = shutdown(socket.socket.file.rawValue, Int32(SHUT_RDWR)) }
    }

    private func expect(within seconds: Double) { state.withLock { $0.deadline = Date().addingTimeInterval(seconds) } }

    private func serve() async throws {
        var input = HTTPInput(socket: socket)
        while true {
            expect(within: limits.idleSeconds)
            state.withLock { $0.isIdle = true }
            guard try await input.hasMore() else { return }
            let isLast = state.withLock { state in
                state.isIdle = false
                return state.isClosing
            }
            expect(within: limits.headerSeconds)
            let response: ServerResponse
            var keeps = !isLast && !isSurplus
            var method = ""
            do {
                let head = try await input.head(atMost: limits.headerBytes)
                method = head.request.method
                keeps = keeps && head.keepsConnection
                (response, keeps) = try await answer(head, &input, keeps: keeps)
            } catch let problem as HTTPHead.Problem {
                response = ServerError(problem.status, problem.message).response
                keeps = false
            }
            keeps = keeps && !state.withLock { $0.isClosing }
            try await send(response, keeps: keeps, method: method)
            guard keeps else { return try await linger(&input) }
        }
    }

    private func answer(
        _ head: HTTPHead, _ input: inout HTTPInput, keeps: Bool
    ) async throws -> (ServerResponse, keeps: Bool) {
        var request = ServerRequest(
            method: head.request.method, path: head.request.path, query: head.request.query, headers: head.request.headers)
        if isSurplus {
            return (ServerError(429, "\(limits.connections) connections are open, which is the limit; try again later").response, false)
        }
        let announced = if case .length(let count) = head.framing { count } else { 0 }
        // What is refused for its head alone is not read.
        if let refusal = router.refusal(of: request, bodyBytes: announced) { return (refusal, keeps && announced == 0) }
        if head.expectsContinue, head.framing != .length(0) { try await write(Data("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        let patience = limits.stallSeconds
        request.body = try await input.body(head.framing, atMost: limits.bodyBytes) { self.expect(within: patience) }
        state.withLock { $0.deadline = nil }
        return (await router.handle(request), keeps)
    }

    private func send(_ response: ServerResponse, keeps: Bool, method: String) async throws {
        var text = "HTTP/1.1 \(response.status) \(Self.phrase(response.status))\r\n"
        for (name, value) in response.headers.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
        if response.status != 204 { text += "content-length: \(response.body.count)\r\n" }
        text += "connection: \(keeps ? "keep-alive" : "close")\r\n\r\n"
        var data = Data(text.utf8)
        if response.status != 204, method != "HEAD" { data += response.body }
        try await write(data)
    }

    /// Writes in parts, each of which the client has to take in time.
    private func write(_ data: Data) async throws {
        var start = data.startIndex
        while start < data.endIndex {
            expect(within: limits.stallSeconds)
            let end = min(start + (1 << 20), data.endIndex)
            try await socket.write(data[start..<end])
            start = end
        }
    }

    /// Takes what the client still sends, for a while: a connection closed on unread bytes is reset, and the answer lost with it.
    private func linger(_ input: inout HTTPInput) async throws {
        _ = shutdown(socket.socket.file.rawValue, Int32(SHUT_WR))
        expect(within: limits.lingerSeconds)
        try await input.discard(atMost: limits.bodyBytes)
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 202: "Accepted"
        case 204: "No Content"
        case 302: "Found"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 404: "Not Found"
        case 408: "Request Timeout"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}

import FlyingFox
import FlyingSocks
import Foundation
import Synchronization

/// Hands the requests that come through a port to a router, over HTTP/1.1. The only file that knows the HTTP library.
package final class HTTPListener: Sendable {
    private let server: HTTPServer
    private let router: Router

    /// A listener on a numeric address, IPv4 or IPv6; port 0 takes a free one. Throws `HTTPListenerError`.
    package init(host: String, port: UInt16, router: Router) throws {
        let address: any SocketAddress
        do {
            address = host.contains(":") ? try sockaddr_in6.inet6(ip6: host, port: port) : try sockaddr_in.inet(ip4: host, port: port)
        } catch {
            throw HTTPListenerError.address(host)
        }
        self.router = router
        let configuration = HTTPServer.Configuration(
            // Handlers end by themselves: polls are held for less, and reading a model takes minutes on a slow disk.
            address: address, timeout: 3600,
            // Bodies up to this are read at once, larger ones below.
            sharedRequestBufferSize: 1 << 16, sharedRequestReplaySize: 0,
            pool: PromptPool(base: HTTPServer.defaultPool()), logger: DisabledLogger.disabled)
        server = HTTPServer(config: configuration, handler: RouterHandler(router: router))
    }

    /// Listens until `stop`. Calls back with the port once it is open.
    package func run(onListening: @escaping @Sendable (_ port: UInt16) -> Void) async throws {
        let announcement = Task { [server] in
            try await server.waitUntilListening(timeout: 60)
            switch await server.listeningAddress {
            case .ip4(_, let port), .ip6(_, let port): onListening(port)
            default: break
            }
        }
        let sweeper = Task { [router] in
            while !Task.isCancelled {
                await router.sweep()
                try await Task.sleep(for: .seconds(5))
            }
        }
        defer {
            announcement.cancel()
            sweeper.cancel()
        }
        do {
            try await server.run()
        } catch SocketError.failed(_, let code, _) where code == EADDRINUSE || code == EACCES || code == EADDRNOTAVAIL {
            throw HTTPListenerError.refused(unsafe String(cString: strerror(code)))
        } catch SocketError.disconnected, is CancellationError {
            // The end that `stop` brings about.
        }
    }

    /// Finishes what is queued, for as long as `patience`, and then closes the port and all connections.
    package func stop(patience: Duration) async {
        await router.drain(within: patience)
        await server.stop(timeout: 2)
    }
}

/// Why a listener cannot listen.
package enum HTTPListenerError: Error, CustomStringConvertible {
    /// The host is no numeric address.
    case address(String)
    /// The system refuses the address or port.
    case refused(String)

    /// What is wrong and what to do.
    package var description: String {
        switch self {
        case .address(let host): "'\(host)' is no IPv4 or IPv6 address; use 127.0.0.1, or 0.0.0.0 for all of this machine's"
        case .refused(let reason): "the system refuses the address and port: \(reason)"
        }
    }
}

/// Turns the library's requests into ours and back.
private struct RouterHandler: HTTPHandler {
    let router: Router

    func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
        var head = ServerRequest(
            method: request.method.rawValue, path: request.target.path(percentEncoded: false),
            query: Dictionary(request.query.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
            headers: Dictionary(
                request.headers.map { ($0.key.rawValue.lowercased(), $0.value) }, uniquingKeysWith: { $0 + ", " + $1 }))
        // A refused body is read all the same, because the next request follows it; but nothing of it is kept.
        var refusal = router.refusal(of: head, bodyBytes: request.bodySequence.count ?? 0)
        for try await part in request.bodySequence where refusal == nil {
            head.body += part
            refusal = router.refusal(of: head, bodyBytes: head.body.count)
        }
        let response = if let refusal { refusal } else { await router.handle(head) }
        var headers = HTTPHeaders()
        for (name, value) in response.headers { headers[HTTPHeader(name)] = value }
        return HTTPResponse(
            statusCode: HTTPStatusCode(response.status, phrase: Self.phrase(response.status)), headers: headers,
            body: HTTPBodySequence(data: Data(response.body), suggestedBufferSize: 1 << 20))
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
        case 503: "Service Unavailable"
        default: "Status"
        }
    }
}

/// The library's pool of sockets, with TCP's habit of holding small packets back switched off: a response is written in two parts,
/// and the second would wait for the client's delayed acknowledgement, 40 ms each time.
private final class PromptPool: AsyncSocketPool {
    private let base: any AsyncSocketPool
    private let isSet = Synchronization.Mutex(false)

    init(base: any AsyncSocketPool) { self.base = base }

    func prepare() async throws { try await base.prepare() }
    func run() async throws { try await base.run() }

    func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
        // The first socket that waits is the listening one, and connections inherit the option.
        let isFirst = isSet.withLock { isSet in
            defer { isSet = true }
            return !isSet
        }
        if isFirst { try socket.setValue(true, for: BoolSocketOption(level: Int32(IPPROTO_TCP), name: TCP_NODELAY)) }
        try await base.suspendSocket(socket, untilReadyFor: events)
    }
}

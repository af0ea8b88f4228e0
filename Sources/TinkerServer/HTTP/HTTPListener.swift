import FlyingSocks
import Foundation
import Synchronization

/// Hands the requests that come through a port to a router, over HTTP/1.1. What is in this folder is all that knows sockets.
package final class HTTPListener: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: HTTPConnection] = [:]
        var end: CheckedContinuation<Void, Never>?
        var isStopped = false
    }

    private let address: any SocketAddress
    private let router: Router
    private let state = Mutex(State())

    /// How many connections beyond the limit are told so; more are closed without a word.
    private static let surplus = 64
    /// Files that the rest of the program may open.
    private static let spareFiles = 64

    /// A listener on a numeric address, IPv4 or IPv6; port 0 takes a free one. Throws `HTTPListenerError`.
    package init(host: String, port: UInt16, router: Router) throws {
        do {
            address = host.contains(":") ? try sockaddr_in6.inet6(ip6: host, port: port) : try sockaddr_in.inet(ip4: host, port: port)
        } catch {
            throw HTTPListenerError.address(host)
        }
        self.router = router
    }

    /// Listens until `stop`. Calls back with the port once it is open.
    package func run(onListening: @escaping @Sendable (_ port: UInt16) -> Void) async throws {
        let pool: SocketPool<ePoll> = .ePoll(maxEvents: 256)
        try await pool.prepare()
        let socket = try open(address)
        defer { try? socket.close() }
        switch try socket.sockname() {
        case .ip4(_, let port), .ip6(_, let port): onListening(port)
        case .unix: break
        }
        let listening = try AsyncSocket(socket: socket, pool: pool)
        let limit = min(router.limits.connections, Self.openFileLimit() - Self.spareFiles - Self.surplus)
        await withTaskGroup { group in
            // It ends when it is cancelled, which is when nobody needs it any more.
            group.addTask { try? await pool.run() }
            group.addTask { await self.accept(listening, limit) }
            group.addTask { await self.sweep() }
            await withCheckedContinuation { continuation in
                let isStopped = state.withLock { state in
                    state.end = continuation
                    return state.isStopped
                }
                if isStopped { continuation.resume() }
            }
            group.cancelAll()
        }
    }

    /// Finishes what is queued, for as long as `patience`, and then closes the port and all connections.
    package func stop(patience: Duration) async {
        await router.drain(within: patience)
        for connection in connections { connection.finish() }
        // Answers on their way go out.
        for _ in 0..<40 where !connections.isEmpty { try? await Task.sleep(for: .milliseconds(50)) }
        for connection in connections { connection.abort() }
        let end = state.withLock { state in
            defer { state.isStopped = true }
            return state.isStopped ? nil : state.end
        }
        end?.resume()
    }

    private var connections: [HTTPConnection] { state.withLock { Array($0.connections.values) } }

    private func open(_ address: some SocketAddress) throws -> Socket {
        let socket = try Socket(domain: Int32(type(of: address).family), type: .stream)
        do {
            try socket.setValue(true, for: .localAddressReuse)
            try socket.bind(to: address)
            try socket.listen()
            return socket
        } catch SocketError.failed(_, let code, _) {
            try? socket.close()
            throw HTTPListenerError.refused(unsafe String(cString: strerror(code)))
        }
    }

    private func accept(_ listening: AsyncSocket, _ limit: Int) async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                do {
                    let socket = try await listening.accept()
                    let count = state.withLock { $0.connections.count }
                    guard count < limit + Self.surplus else {
                        try? socket.close()
                        continue
                    }
                    let connection = HTTPConnection(socket, router: router, isSurplus: count >= limit)
                    state.withLock { $0.connections[ObjectIdentifier(connection)] = connection }
                    group.addTask {
                        await connection.run()
                        self.state.withLock { $0.connections[ObjectIdentifier(connection)] = nil }
                    }
                } catch {
                    // The client has gone, or the system has no file left for it: others are served all the same.
                    try? await Task.sleep(for: .milliseconds(50))
                }
            }
            group.cancelAll()
        }
    }

    private func sweep() async {
        let interval = 2.0
        while !Task.isCancelled {
            await router.sweep()
            for connection in connections { connection.checkDeadline(Date()) }
            let start = Date()
            try? await Task.sleep(for: .seconds(interval))
            // A machine that slept, or a process that was stopped, could not hear its clients.
            let lost = Date().timeIntervalSince(start) - interval
            if lost > 5 * interval { await router.excuse(seconds: lost) }
        }
    }

    /// The number of files that this process may open, raised as far as the system lets it.
    private static func openFileLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        var raised = limit
        raised.rlim_cur = min(limit.rlim_max, 1 << 20)
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        return Int(clamping: limit.rlim_cur)
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

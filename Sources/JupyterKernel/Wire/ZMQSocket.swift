internal import CZMQ

/// A ZeroMQ context. Sockets keep it; it ends with the last of them, once what they have sent has gone out or a second has passed.
@safe package final class ZMQContext: @unchecked Sendable {
    // Contexts may be used from any thread (zmq_ctx_new(3)).
    fileprivate let handle: UnsafeMutableRawPointer

    /// A context of its own.
    package init() throws(KernelError) {
        guard let handle = unsafe zmq_ctx_new() else { throw .socket(doing: "start", reason: lastReason()) }
        unsafe self.handle = handle
    }

    deinit { unsafe zmq_ctx_term(handle) }

    /// Makes every call that waits on a socket throw `closed`.
    package func shutDown() { unsafe zmq_ctx_shutdown(handle) }
}

/// A ZeroMQ socket. It belongs to one thread at a time.
@safe package final class ZMQSocket {
    /// What a socket does with messages.
    package enum Kind: Sendable {
        case router, publisher, reply
        /// The clients' ends, for tests.
        case dealer, subscriber, request

        fileprivate var value: Int32 {
            switch self {
            case .router: ZMQ_ROUTER
            case .publisher: ZMQ_PUB
            case .reply: ZMQ_REP
            case .dealer: ZMQ_DEALER
            case .subscriber: ZMQ_SUB
            case .request: ZMQ_REQ
            }
        }
    }

    private let context: ZMQContext
    private let handle: UnsafeMutableRawPointer

    /// A socket that is not connected yet. Messages that it still has when it is closed are tried for a second.
    package init(_ kind: Kind, in context: ZMQContext) throws(KernelError) {
        self.context = context
        guard let handle = unsafe zmq_socket(context.handle, kind.value) else {
            throw .socket(doing: "make a socket", reason: lastReason())
        }
        unsafe self.handle = handle
        set(ZMQ_LINGER, [.router, .publisher, .reply].contains(kind) ? 1000 : 0)
        // The publisher keeps what a slow client has not read; dropping the middle of a cell's output helps nobody.
        set(ZMQ_SNDHWM, 0)
        if kind == .subscriber { unsafe zmq_setsockopt(handle, ZMQ_SUBSCRIBE, "", 0) }
        // A client that comes back under its name takes over from its former self.
        if kind == .router { set(ZMQ_ROUTER_HANDOVER, 1) }
    }

    deinit { unsafe zmq_close(handle) }

    private func set(_ option: Int32, _ value: Int32) {
        var value = value
        unsafe zmq_setsockopt(handle, option, &value, MemoryLayout<Int32>.size)
    }

    /// Names the socket to the routers that it connects to; before `connect`.
    package func setIdentity(_ name: String) { unsafe zmq_setsockopt(handle, ZMQ_ROUTING_ID, name, name.utf8.count) }

    /// Listens at an address.
    package func bind(to endpoint: String) throws(KernelError) {
        guard unsafe zmq_bind(handle, endpoint) == 0 else { throw .socket(doing: "listen at \(endpoint)", reason: lastReason()) }
    }

    /// Connects to an address.
    package func connect(to endpoint: String) throws(KernelError) {
        guard unsafe zmq_connect(handle, endpoint) == 0 else {
            throw .socket(doing: "connect to \(endpoint)", reason: lastReason())
        }
    }

    /// Where it listens, with the port that was free.
    package var endpoint: String {
        var bytes = [CChar](repeating: 0, count: 256)
        var count = bytes.count
        guard unsafe zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &bytes, &count) == 0 else { return "" }
        return String(decoding: bytes.prefix(max(0, count - 1)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Waits until a message is there, a descriptor is readable, or the time is over. True for a message.
    package func wait(or descriptor: Int32? = nil, milliseconds: Int = -1) throws(KernelError) -> Bool {
        var items = unsafe [zmq_pollitem_t(socket: handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)]
        if let descriptor {
            unsafe items.append(zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
        }
        // A signal wakes as well: it may have brought an interrupt.
        guard unsafe zmq_poll(&items, Int32(items.count), milliseconds) >= 0 || zmq_errno() == EINTR else { throw failure("wait") }
        return unsafe items[0].revents & Int16(ZMQ_POLLIN) != 0
    }

    /// The frames of the next message; nil if there is none and it shall not be waited for.
    package func receive(waits: Bool = true) throws(KernelError) -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        while true {
            var message = zmq_msg_t()
            unsafe zmq_msg_init(&message)
            defer { unsafe zmq_msg_close(&message) }
            guard unsafe zmq_msg_recv(&message, handle, waits ? 0 : ZMQ_DONTWAIT) >= 0 else {
                if zmq_errno() == EINTR { continue }
                if zmq_errno() == EAGAIN, frames.isEmpty { return nil }
                throw failure("receive")
            }
            unsafe frames.append(
                Array(UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))))
            if unsafe zmq_msg_more(&message) == 0 { return frames }
        }
    }

    /// Sends a message of several frames.
    package func send(_ frames: [[UInt8]]) throws(KernelError) {
        for (index, frame) in frames.enumerated() {
            let flags = index + 1 < frames.count ? ZMQ_SNDMORE : 0
            while unsafe zmq_send(handle, frame, frame.count, flags) < 0 {
                guard zmq_errno() == EINTR else { throw failure("send") }
            }
        }
    }

    private func failure(_ doing: String) -> KernelError {
        zmq_errno() == ETERM ? .closed : .socket(doing: doing, reason: lastReason())
    }
}

private func lastReason() -> String { unsafe String(cString: zmq_strerror(zmq_errno())) }

internal import Glibc
internal import Synchronization

/// A stream socket in the file system, for the user alone.
public final class UnixSocket: Sendable {
    /// Why a socket could not be opened.
    public struct Failure: Error {
        /// What the system said, or what is in the way.
        public let reason: String
    }

    private let descriptor: Mutex<Int32>

    private init(descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    /// Connects to the socket at `path`.
    public convenience init(connectingTo path: String) throws {
        self.init(descriptor: try Self.open())
        guard unsafe withAddress(path, { unsafe Glibc.connect($0, $1, $2) }) == 0 else { throw Failure(reason: Self.lastError) }
    }

    /// Listens at `path`, readable and writable for the user alone. A socket that nobody listens on is replaced.
    convenience init(listeningAt path: String) throws {
        if unsafe access(path, F_OK) == 0 {
            var status = stat()
            guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
                throw Failure(reason: "there is a file of this name")
            }
            if (try? UnixSocket(connectingTo: path)) != nil { throw Failure(reason: "another session listens there") }
            unsafe _ = unlink(path)
        }
        self.init(descriptor: try Self.open())
        // On Linux the file gets the descriptor's mode, so there is no moment in which others could connect.
        descriptor.withLock { _ = fchmod($0, 0o600) }
        guard unsafe withAddress(path, { unsafe Glibc.bind($0, $1, $2) }) == 0 else { throw Failure(reason: Self.lastError) }
        guard unsafe chmod(path, 0o600) == 0, descriptor.withLock({ Glibc.listen($0, 16) }) == 0 else {
            throw Failure(reason: Self.lastError)
        }
    }

    deinit {
        let descriptor = descriptor.withLock { $0 }
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }

    private static func open() throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(reason: lastError) }
        return descriptor
    }

    private static var lastError: String { unsafe String(cString: strerror(errno)) }

    private func withAddress(_ path: String, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            errno = ENAMETOOLONG
            return -1
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let descriptor = descriptor.withLock { $0 }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// The next connection; nil once the socket has been closed.
    func accept() -> UnixSocket? {
        let listening = descriptor.withLock { $0 }
        while true {
            let connection = Glibc.accept(listening, nil, nil)
            if connection >= 0 {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                return UnixSocket(descriptor: connection)
            }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    /// Ends waiting calls. The descriptor goes with the object.
    func close() { descriptor.withLock { _ = shutdown($0, Int32(SHUT_RDWR)) } }

    /// Says that nothing more will be written.
    public func endWriting() { descriptor.withLock { _ = shutdown($0, Int32(SHUT_WR)) } }

    /// How long reading and writing wait.
    func setTimeout(seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        descriptor.withLock { descriptor in
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] { unsafe _ = setsockopt(descriptor, SOL_SOCKET, option, &time, size) }
        }
    }

    /// The bytes up to a zero byte or the end; what has come when the time is over.
    public func read(upTo limit: Int) -> [UInt8] {
        let descriptor = descriptor.withLock { $0 }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            if let end = buffer[..<count].firstIndex(of: 0) { return bytes + buffer[..<end] }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// Writes all of a text; false when the other side has gone.
    public func write(_ text: String) -> Bool {
        let descriptor = descriptor.withLock { $0 }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

internal import Foundation
internal import Glibc
internal import Synchronization

/// Listens on a Unix socket for cells that editors send. A sender writes text and ends it with a zero byte or by closing
/// its side; what the cell shows comes back. The text waits here until the session takes it.
final class CellServer: Sendable {
    /// The socket's file.
    let path: String
    private let listener: UnixSocket
    private let queue = Mutex([SentCell]())
    private let isOpen = Mutex(true)
    private let onSent: @Sendable () -> Void

    /// A sender that is quiet for so long is no longer waited for.
    private static let patience = 10
    private static let limit = 4 << 20

    /// Starts to listen. `onSent` is called on another thread when a cell has come. A file that nobody listens on any more
    /// is replaced. Throws `NotebookError.notAttached`.
    init(path: String, onSent: @escaping @Sendable () -> Void) throws {
        self.path = path
        self.onSent = onSent
        do {
            listener = try UnixSocket(listeningAt: path)
        } catch let error as UnixSocket.Failure {
            throw NotebookError.notAttached(path: path, reason: error.reason)
        }
        let thread = Thread { [weak self, listener] in
            while let connection = listener.accept() {
                guard let self else { return }
                receive(from: connection)
            }
        }
        thread.start()
    }

    deinit { close() }

    /// Stops listening and takes the file away.
    func close() {
        // Once: later the file may be another session's.
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        guard wasOpen else { return }
        listener.close()
        unsafe _ = unlink(path)
    }

    /// The cell that has waited longest.
    func next() -> SentCell? { queue.withLock { $0.isEmpty ? nil : $0.removeFirst() } }

    private func receive(from connection: UnixSocket) {
        connection.setTimeout(seconds: Self.patience)
        let bytes = connection.read(upTo: Self.limit)
        guard bytes.contains(where: { !" \n\t\r".utf8.contains($0) }) else { return }
        queue.withLock { $0.append(SentCell(text: String(decoding: bytes, as: UTF8.self), connection: connection)) }
        onSent()
    }
}

/// A text that an editor has sent, and the way back.
struct SentCell: Sendable {
    let text: String
    private let connection: UnixSocket

    init(text: String, connection: UnixSocket) {
        self.text = text
        self.connection = connection
    }

    /// Sends what the cell has shown and hangs up. A sender that has gone misses it.
    func reply(_ text: String) { _ = connection.write(text) }
}

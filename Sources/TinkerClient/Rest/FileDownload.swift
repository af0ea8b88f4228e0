import Foundation
import ModelFiles
import Synchronization

/// Fetches a file: written as it comes, hashed, and begun again where the network breaks off.
struct FileDownload: Sendable {
    let transport: any HTTPTransport
    let pacing: Pacing
    /// More bytes are refused.
    var limit = 1 << 40

    /// What has come.
    struct Outcome: Sendable, Equatable {
        let bytes: Int
        /// In hexadecimal digits.
        let sha256: String
    }

    /// Fetches what is at an address into a file. `headers` go to that host alone, also when it sends us elsewhere. Throws
    /// `RemoteError`.
    func fetch(
        _ url: String, headers: [(name: String, value: String)] = [], to file: URL,
        progress: @escaping @Sendable (_ done: Int, _ total: Int?) -> Void
    ) async throws -> Outcome {
        var attempt = 0
        while true {
            do { return try await fetchOnce(url, headers, file, progress) } catch let error as RemoteError {
                attempt += 1
                guard attempt < 4, error.isPassing else { throw error }
                try await pacing.sleep(RetryPolicy.pause(attempt: attempt, random: pacing.random()))
            }
        }
    }

    private func fetchOnce(
        _ start: String, _ headers: [(name: String, value: String)], _ file: URL,
        _ progress: @escaping @Sendable (Int, Int?) -> Void
    ) async throws -> Outcome {
        var url = start
        for _ in 0..<6 {
            let sink = try Sink(file, limit: limit, progress: progress)
            let isSameHost = URL(string: url)?.host == URL(string: start)?.host
            let request = HTTPRequest(
                method: "GET", url: url, headers: [(name: "User-Agent", value: "rlhf-repl")] + (isSameHost ? headers : []), body: nil,
                timeout: 60, replyLimit: 1 << 20, receiver: { sink.take($0, $1) })
            let reply: HTTPReply
            do { reply = try await transport.send(request) } catch {
                if let failure = sink.failure { throw failure }
                throw error == .cancelled ? RemoteError.cancelled : RemoteError.transport(error)
            }
            switch reply.status {
            case 200: return try sink.finish()
            case 301, 302, 303, 307, 308:
                guard let next = reply.headers["location"].flatMap({ URL(string: $0, relativeTo: URL(string: url)) }),
                    next.scheme == "https" || URL(string: url)?.scheme == "http"
                else { throw RemoteError.garbage("a redirection to nowhere, or away from TLS") }
                url = next.absoluteString
            default:
                let text = String(decoding: reply.body.prefix(200), as: UTF8.self).split(whereSeparator: \.isWhitespace)
                throw RemoteError.refused(
                    status: reply.status, detail: text.isEmpty || text[0].hasPrefix("<") ? "no download" : text.joined(separator: " "))
            }
        }
        throw RemoteError.garbage("redirections without an end")
    }

    /// Where the parts go. The transport's thread writes them, one after the other.
    private final class Sink: Sendable {
        private struct State {
            let handle: FileHandle
            var hash = SHA256()
            var count = 0
            var failure: RemoteError?
        }

        private let state: Mutex<State>
        private let limit: Int
        private let progress: @Sendable (Int, Int?) -> Void

        init(_ file: URL, limit: Int, progress: @escaping @Sendable (Int, Int?) -> Void) throws {
            try Data().write(to: file)
            let handle = try FileHandle(forWritingTo: file)
            state = Mutex(State(handle: handle))
            self.limit = limit
            self.progress = progress
        }

        var failure: RemoteError? { state.withLock { $0.failure } }

        func take(_ part: [UInt8], _ total: Int?) -> Bool {
            let count = state.withLock { state -> Int? in
                state.count += part.count
                if max(total ?? 0, state.count) > limit { state.failure = .transport(.tooLarge(limit)) }
                guard state.failure == nil else { return nil }
                state.hash.update(part)
                do { try state.handle.write(contentsOf: part) } catch { state.failure = .disk("\(error.localizedDescription)") }
                return state.failure == nil ? state.count : nil
            }
            guard let count else { return false }
            progress(count, total)
            return true
        }

        func finish() throws -> Outcome {
            try state.withLock { state in
                try state.handle.synchronize()
                try state.handle.close()
                return Outcome(bytes: state.count, sha256: state.hash.hex())
            }
        }
    }
}

extension RemoteError {
    /// Whether the same download may work in a moment.
    fileprivate var isPassing: Bool {
        switch self {
        case .transport(.timeout), .transport(.broken), .transport(.noConnection): true
        case .refused(let status, _): status == 408 || status == 429 || status >= 500
        default: false
        }
    }
}

import CCurl
import Foundation
import Synchronization

/// What is the same for all transfers.
struct CurlSettings: Sendable {
    var connectTimeout = 5.0
    /// Certificates of authorities, where the environment names them; else the system's.
    var certificateFile: String?
    var certificateFolder: String?
}

/// HTTP over libcurl: all transfers run on one thread. Proxies are taken from `https_proxy`, `http_proxy`, `all_proxy` and
/// `no_proxy`, certificates from `CURL_CA_BUNDLE`, `SSL_CERT_FILE` and `SSL_CERT_DIR`, as with the program `curl`.
package final class CurlTransport: HTTPTransport {
    /// The most connections at a time; more would run into the usual limit of open files.
    package static let connectionLimit = 256

    private let inbox: CurlInbox

    /// Starts the thread. It ends when the transport is freed.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let settings = CurlSettings(
            certificateFile: value("CURL_CA_BUNDLE") ?? value("SSL_CERT_FILE"), certificateFolder: value("SSL_CERT_DIR"))
        let inbox = CurlInbox()
        self.inbox = inbox
        let thread = Thread { CurlLoop(inbox: inbox, settings: settings).run() }
        thread.name = "http"
        thread.start()
    }

    deinit { inbox.close() }

    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPReply {
        let id = inbox.nextID()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<HTTPReply, TransportError>, Never>) in
                inbox.add(CurlTransfer(id: id, request: request) { continuation.resume(returning: $0) })
                // A cancellation that came first has found nothing to cancel.
                if Task.isCancelled { inbox.cancel(id) }
            }
        } onCancel: {
            inbox.cancel(id)
        }
        return try result.get()
    }
}

/// What other threads ask of the transport's thread.
final class CurlInbox: Sendable {
    struct Messages {
        var added: [CurlTransfer] = []
        var cancelled: Set<Int> = []
        var isClosed = false
    }

    private struct State {
        var messages = Messages()
        var lastID = 0
    }

    private let state = Mutex(State())
    private let multi: CurlMulti? = CurlMulti()

    var handle: CurlMulti? { multi }

    func nextID() -> Int {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    func add(_ transfer: CurlTransfer) { change { $0.added.append(transfer) } }
    func cancel(_ id: Int) { change { _ = $0.cancelled.insert(id) } }
    func close() { change { $0.isClosed = true } }

    private func change(_ body: (inout Messages) -> Void) {
        state.withLock { body(&$0.messages) }
        multi?.wakeUp()
    }

    /// What was asked since the last call.
    func take() -> Messages {
        state.withLock { state in
            defer {
                state.messages.added = []
                state.messages.cancelled = []
            }
            return state.messages
        }
    }
}

/// libcurl's handle of many transfers. All but `wakeUp` is for the transport's thread alone.
@safe final class CurlMulti: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    init?() {
        // Initialising twice is harmless, and thread-safe in this version of libcurl.
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        guard let pointer = unsafe curl_multi_init() else { return nil }
        unsafe self.pointer = pointer
        unsafe ccurl_multi_set_number(pointer, CURLMOPT_MAX_TOTAL_CONNECTIONS, CurlTransport.connectionLimit)
    }

    deinit { unsafe curl_multi_cleanup(pointer) }

    func wakeUp() { unsafe curl_multi_wakeup(pointer) }
}

/// The transport's thread.
private struct CurlLoop {
    let inbox: CurlInbox
    let settings: CurlSettings
    private var transfers: [Int: CurlTransfer] = [:]

    init(inbox: CurlInbox, settings: CurlSettings) {
        self.inbox = inbox
        self.settings = settings
    }

    func run() {
        var loop = self
        loop.loop()
    }

    private mutating func loop() {
        guard let multi = inbox.handle else {
            // Without memory for libcurl nothing can be sent; whoever asks is told so.
            while true {
                let messages = inbox.take()
                for transfer in messages.added { transfer.fail(.broken("libcurl has no memory")) }
                if messages.isClosed { return }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
        while true {
            let messages = inbox.take()
            for transfer in messages.added { start(transfer, multi, isCancelled: messages.cancelled.contains(transfer.id)) }
            for id in messages.cancelled { finish(id, multi) { $0.fail(.cancelled) } }
            if messages.isClosed {
                for id in transfers.keys.sorted() { finish(id, multi) { $0.fail(.cancelled) } }
                return
            }
            var running: Int32 = 0
            unsafe curl_multi_perform(multi.pointer, &running)
            var code = CURLE_OK
            while let handle = unsafe ccurl_multi_next_ended(multi.pointer, &code) {
                guard let transfer = transfers.values.first(where: { unsafe $0.handle == handle }) else { continue }
                finish(transfer.id, multi) { $0.end(code) }
            }
            unsafe curl_multi_poll(multi.pointer, nil, 0, 1000, nil)
        }
    }

    private mutating func start(_ transfer: CurlTransfer, _ multi: CurlMulti, isCancelled: Bool) {
        if isCancelled { return transfer.fail(.cancelled) }
        guard let handle = unsafe transfer.prepare(settings),
            unsafe curl_multi_add_handle(multi.pointer, handle) == CURLM_OK
        else { return transfer.fail(.broken("libcurl has no memory")) }
        transfers[transfer.id] = transfer
    }

    private mutating func finish(_ id: Int, _ multi: CurlMulti, _ end: (CurlTransfer) -> Void) {
        guard let transfer = transfers.removeValue(forKey: id) else { return }
        if let handle = unsafe transfer.handle { unsafe curl_multi_remove_handle(multi.pointer, handle) }
        end(transfer)
    }
}

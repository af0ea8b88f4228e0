internal import Dispatch
public import Display
internal import Foundation
internal import JSON
public import LuaRuntime
public import Notebook
internal import Synchronization

/// The publishing channel: everything that all clients see. It owns the socket; safe from any thread.
public final class KernelOutput: Sendable {
    /// The text streams of a cell.
    public enum Stream: String, Sendable { case stdout, stderr }

    private struct State {
        var socket: ZMQSocket
        /// The header of the request that outputs belong to. Background work writes into the cell that ran last.
        var parent: JSONValue = [:]
        var isMuted = false
        var executionCount = 0
        var failure: JSONValue?
        /// Text that waits for more of it.
        var pending: (stream: Stream, text: String)?
        /// What is printed, where a request gets it with its answer, for the client's pager.
        var page: String?
        /// The display that shows progress now.
        var progressID: String?
    }

    /// How long text waits for more, so that a loop that prints does not send a message for each line.
    private static let patience = DispatchTimeInterval.milliseconds(40)
    /// Text of this many bytes waits no longer.
    private static let batch = 65_536

    /// Names this run of the kernel in its messages.
    let session = UUID().uuidString.lowercased()
    let codec: MessageCodec
    /// Takes a line about the kernel itself, for Jupyter's own log.
    let log: @Sendable (String) -> Void
    private let state: Mutex<State>

    init(publisher: sending ZMQSocket, codec: MessageCodec, log: @escaping @Sendable (String) -> Void) {
        (self.codec, self.log) = (codec, log)
        state = Mutex(State(socket: publisher))
    }

    // MARK: What cells give

    /// Sends text soon, together with what follows it.
    public func write(_ text: String, to stream: Stream) {
        guard !text.isEmpty else { return }
        state.withLock { state in
            guard !state.isMuted else { return }
            if stream == .stdout, let page = state.page {
                state.page = page + text
                return
            }
            if state.pending?.stream != stream { flush(&state) }
            if state.pending == nil {
                state.pending = (stream, text)
                DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + Self.patience) { [weak self] in self?.flush() }
            } else {
                state.pending?.text += text
            }
            if let pending = state.pending, pending.text.utf8.count >= Self.batch { flush(&state) }
        }
    }

    /// Shows a value, as the result of the cell or on its way.
    public func show(_ value: DisplayValue, isResult: Bool) {
        let data = MimeBundle(value).json
        state.withLock { state in
            guard !state.isMuted else { return }
            if isResult {
                let count = JSONValue.number(JSONValue.Number(state.executionCount))
                publish("execute_result", ["execution_count": count, "data": data, "metadata": [:]], &state)
            } else {
                publish("display_data", ["data": data, "metadata": [:], "transient": [:]], &state)
            }
        }
    }

    /// Shows an error with its report, and remembers it as why the request has failed.
    public func show(_ error: LuaError, report: String) {
        let content = Self.content(of: error, report: report)
        state.withLock { state in
            state.failure = content
            if !state.isMuted { publish("error", content, &state) }
        }
    }

    /// Shows how far something is, in a display that changes; `isLast` leaves this text for good, or nothing.
    public func showProgress(_ text: String, isLast: Bool = false) {
        state.withLock { state in
            if state.progressID == nil, isLast { return }
            let id = state.progressID ?? UUID().uuidString
            let content: JSONValue = [
                "data": ["text/plain": .string(text)], "metadata": [:], "transient": ["display_id": .string(id)],
            ]
            publish(state.progressID == nil ? "display_data" : "update_display_data", content, &state)
            state.progressID = isLast ? nil : id
        }
    }

    /// Lets a notebook show values and errors here; what it writes and notes goes another way.
    public func attach(to view: inout NotebookView) {
        view.show = { [self] in show($0, isResult: $1) }
        view.showError = { [self] in show($0, report: $1) }
        view.clear = { [self] waits in
            state.withLock { state in
                if !state.isMuted { publish("clear_output", ["wait": .bool(waits)], &state) }
            }
        }
    }

    // MARK: Requests

    /// What follows belongs to this request. Muted, only messages about the request itself are sent; paged, printed text waits
    /// for `takePage`.
    func begin(_ request: KernelMessage, executionCount: Int, isMuted: Bool, isPaged: Bool = false) {
        state.withLock { state in
            flush(&state)
            state.page = isPaged ? "" : nil
            (state.parent, state.executionCount, state.isMuted) = (request.header, executionCount, isMuted)
            state.failure = nil
        }
    }

    /// The text of a paged request; what is printed from now on is published again.
    func takePage() -> String? {
        state.withLock { state in
            defer { state.page = nil }
            return state.page
        }
    }

    /// Everything that belongs to the request has been given; returns the fields of its error, if it failed.
    func end() -> JSONValue? {
        state.withLock { state in
            flush(&state)
            state.isMuted = false
            return state.failure
        }
    }

    /// Sends a message about a request.
    func publish(_ type: String, _ content: JSONValue, about request: KernelMessage?) {
        state.withLock { publish(type, content, parent: request?.header ?? [:], &$0) }
    }

    /// Sends the text that waits.
    func flush() { state.withLock { flush(&$0) } }

    /// The fields of an error, in messages and replies.
    static func content(of error: LuaError, report: String) -> JSONValue {
        let lines = report.split(separator: "\n", omittingEmptySubsequences: false).map { JSONValue.string(String($0)) }
        return ["ename": .string(error.kind), "evalue": .string(error.message), "traceback": .array(lines)]
    }

    private func flush(_ state: inout State) {
        guard let (stream, text) = state.pending else { return }
        state.pending = nil
        send("stream", ["name": .string(stream.rawValue), "text": .string(text)], parent: state.parent, state.socket)
    }

    private func publish(_ type: String, _ content: JSONValue, parent: JSONValue? = nil, _ state: inout State) {
        flush(&state)
        send(type, content, parent: parent ?? state.parent, state.socket)
    }

    private func send(_ type: String, _ content: JSONValue, parent: JSONValue, _ socket: ZMQSocket) {
        let message = KernelMessage(type, content: content, session: session, parent: parent, identities: [Array(type.utf8)])
        // A publisher fails only when the kernel is closing, and then nobody listens any more.
        try? socket.send(codec.frames(message))
    }
}

internal import Display
internal import Foundation
internal import Synchronization

/// The one place that writes to standard output and standard error, so that printed text, progress and the prompt never
/// tear each other apart. Safe from any thread.
public final class TerminalWriter: Sendable {
    private struct State {
        /// The lines that are drawn below the text and overwritten again and again.
        var status: String?
        /// The columns of the lines that are drawn now.
        var drawn: [Int] = []
        var isStatusDrawn: Bool { !drawn.isEmpty }
        /// The text so far ends in the middle of a line, where a status line must not be drawn.
        var isMidLine = false
        /// The terminal has put `^C` where the next text would begin.
        var hasEcho = false
        /// Set while a line editor owns the screen: text then waits for `takeQueued`.
        var wakePrompt: (@Sendable () -> Void)?
        var queued = ""
    }

    /// A stream of the process.
    public enum Stream: Sendable { case output, error }

    /// Whether standard output is a terminal.
    public let isOutputTerminal: Bool
    /// Whether standard error is a terminal.
    public let isErrorTerminal: Bool
    private let canMoveCursor: Bool
    private let sink: @Sendable (Stream, String) -> Void
    /// Shows the status line where there is no terminal.
    private let statusDisplay: (@Sendable (_ text: String, _ isLast: Bool) -> Void)?
    private let state = Mutex(State())

    /// The writer of this process's own streams.
    public convenience init() {
        self.init(
            isOutputTerminal: isatty(1) == 1, isErrorTerminal: isatty(2) == 1,
            canMoveCursor: ProcessInfo.processInfo.environment["TERM"] != "dumb",
            sink: { stream, text in Self.write(text, to: stream == .output ? 1 : 2) })
    }

    /// A writer over any sink. Without a terminal, `status` may show the status line in its own way: a text that replaces the one
    /// before, the last of which stays.
    public init(
        isOutputTerminal: Bool, isErrorTerminal: Bool, canMoveCursor: Bool = true, sink: @escaping @Sendable (Stream, String) -> Void,
        status: (@Sendable (_ text: String, _ isLast: Bool) -> Void)? = nil
    ) {
        self.isOutputTerminal = isOutputTerminal
        self.isErrorTerminal = isErrorTerminal
        self.canMoveCursor = canMoveCursor
        self.sink = sink
        statusDisplay = status
    }

    /// Whether a status line can be shown.
    public var showsStatus: Bool { (isErrorTerminal && canMoveCursor) || statusDisplay != nil }

    /// Writes what a cell prints, to standard output.
    public func write(_ text: String) { write(text, to: .output) }

    /// Writes messages, warnings and logs, to standard error; on a terminal in lines that fit.
    public func writeError(_ text: String) {
        write(isErrorTerminal ? TextWrap.prose(text, width: TerminalSize.current().columns) : text, to: .error)
    }

    /// Ends the status line and leaves a line in its place, if one is given.
    func endStatus(leaving line: String?) {
        if let statusDisplay { return statusDisplay(line ?? "", true) }
        setStatus(nil)
        if let line { writeError(line + "\n") }
    }

    /// Replaces the status line, or lines, or takes them away. On a terminal never while a prompt is shown.
    public func setStatus(_ text: String?) {
        if let statusDisplay { return statusDisplay(text ?? "", text == nil) }
        guard showsStatus else { return }
        state.withLock { state in
            guard state.status != text || state.isStatusDrawn != (text != nil) else { return }
            state.status = text
            drawStatus(&state)
        }
    }

    /// Says that the terminal itself has shown a key (`^C`), so that the next text begins on a line of its own.
    public func terminalDidEcho() {
        state.withLock { state in
            if isErrorTerminal, state.wakePrompt == nil { state.hasEcho = true }
        }
    }

    /// Makes text wait while a line editor owns the screen; `wake` asks the editor to call `takeQueued`.
    func promptDidStart(wake: @escaping @Sendable () -> Void) {
        state.withLock { state in
            eraseStatus(&state)
            endEcho(&state)
            state.wakePrompt = wake
        }
    }

    /// Writes directly again.
    func promptDidEnd() {
        state.withLock { state in
            state.wakePrompt = nil
            state.isMidLine = false
            flush(&state)
            drawStatus(&state)
        }
    }

    /// The text that arrived while the prompt was shown.
    func takeQueued() -> String {
        state.withLock { state in
            defer { state.queued = "" }
            return state.queued
        }
    }

    private func write(_ text: String, to stream: Stream) {
        guard !text.isEmpty else { return }
        state.withLock { state in
            let isOnScreen = stream == .output ? isOutputTerminal : isErrorTerminal
            guard isOnScreen else { return sink(stream, text) }
            if let wake = state.wakePrompt {
                state.queued += text
                wake()
                return
            }
            // In one piece, so that nobody sees the status line gone.
            let before = erasure(&state) + echoEnd(&state)
            state.isMidLine = !text.hasSuffix("\n")
            sink(stream, before + text + drawing(&state))
        }
    }

    private func endEcho(_ state: inout State) {
        let text = echoEnd(&state)
        if !text.isEmpty { sink(.error, text) }
    }

    private func echoEnd(_ state: inout State) -> String {
        defer { state.hasEcho = false }
        return state.hasEcho ? "\n" : ""
    }

    private func flush(_ state: inout State) {
        guard !state.queued.isEmpty else { return }
        sink(.output, state.queued)
        state.isMidLine = !state.queued.hasSuffix("\n")
        state.queued = ""
    }

    private func eraseStatus(_ state: inout State) {
        let text = erasure(&state)
        if !text.isEmpty { sink(.error, text) }
    }

    private func drawStatus(_ state: inout State) {
        let text = drawing(&state)
        if !text.isEmpty { sink(.error, text) }
    }

    /// What takes the status lines away.
    private func erasure(_ state: inout State) -> String {
        guard state.isStatusDrawn else { return "" }
        defer { state.drawn = [] }
        let toTop = Self.toTop(of: state.drawn)
        return toTop + (toTop == "\r" ? "\u{1B}[K" : "\u{1B}[J")
    }

    /// What draws the status lines, over those that are there: each is written over what it replaces, so nothing flickers.
    private func drawing(_ state: inout State) -> String {
        guard state.wakePrompt == nil, !state.isMidLine || state.isStatusDrawn else { return "" }
        guard let status = state.status else { return erasure(&state) }
        let lines = status.split(separator: "\n", omittingEmptySubsequences: false)
        let (toTop, before) = (Self.toTop(of: state.drawn), state.drawn.count)
        state.drawn = lines.map { DisplayWidth.of(String($0)) }
        return toTop + lines.joined(separator: "\u{1B}[K\r\n") + "\u{1B}[K" + (lines.count < before ? "\u{1B}[J" : "")
    }

    /// What brings the cursor from the end of lines to their beginning. A terminal that has become narrower has broken them.
    private static func toTop(of lines: [Int]) -> String {
        let columns = lines.count > 1 ? TerminalSize.current().columns : .max
        let rows = lines.reduce(0) { $0 + max(1, ($1 - 1) / columns + 1) }
        return (rows > 1 ? "\u{1B}[\(rows - 1)A" : "") + "\r"
    }

    /// Writes all bytes. A reader that went away (a closed pipe) ends the text silently, as it does for every filter.
    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                usleep(1000)
            } else if errno != EINTR {
                return
            }
        }
    }
}

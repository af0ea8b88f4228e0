internal import CReadline
public import Display
internal import Foundation
internal import Synchronization

/// GNU readline on the process's terminal: history, completion, pasted blocks as one entry, and text that arrives while the
/// user types. Readline has one state per process, so there is one editor, used on one thread; `interrupt`, `resized`
/// and `wake` may be called from any.
public final class LineEditor: EntrySource {
    private enum LineEvent {
        case line(String)
        case end
    }

    /// Flags other threads set; the pipe wakes the editor to look at them.
    private final class Signals: Sendable {
        let pipe: WakePipe
        let isInterrupted = Atomic(false)
        let isResized = Atomic(false)
        let isContinued = Atomic(false)
        init(pipe: WakePipe) { self.pipe = pipe }
    }

    /// What goes on from all of an entry up to the cursor.
    public var complete: (String) -> LineCompletion = { LineCompletion(word: $0, candidates: []) }
    /// Called on the editing thread after `wake`, for example to go on with background tasks.
    public var onWake: () -> Void = {}
    /// A descriptor of others; `onWake` is called when it becomes readable, and has to read it.
    public var watchedDescriptor: Int32 = -1
    /// The entries that can be recalled, oldest first.
    public private(set) var history: [String] = []

    let style: Style
    private let writer: TerminalWriter
    private let historyFile: HistoryFile?
    private let signals: Signals
    private var event: LineEvent?
    /// The lines of the entry that have been accepted before the present one, where the terminal shows one line at a time.
    private(set) var earlierLines = ""
    /// Whether Enter is to go on with the entry on another line.
    private(set) var isIncomplete: (String) -> Bool = { _ in false }
    /// What the Tab that is being handled offers.
    var completion = LineCompletion(word: "", candidates: [])
    /// Up and Down are searching for entries that begin with so many bytes.
    var searchLength: Int?

    /// The editor whose callbacks readline is calling; only touched on the editing thread.
    nonisolated(unsafe) static var current: LineEditor?

    /// What separates words for completion: everything but letters, digits, `_`, `.` and `:`.
    private static let wordBreaks = " \t\n\"'`@$><=;|&{}()[]+-*/%^#~,?!\\"

    /// An editor on standard input, nil when the process is out of descriptors. A history that cannot be read is reported
    /// through the writer and then left alone.
    public init?(writer: TerminalWriter, historyFile: HistoryFile?, style: Style = .plain) {
        guard let pipe = WakePipe() else { return nil }
        self.writer = writer
        self.style = style
        signals = Signals(pipe: pipe)
        var kept = historyFile
        var entries: [String] = []
        do {
            entries = try historyFile?.load() ?? []
        } catch {
            writer.writeError("history is not kept: \(error.localizedDescription)\n")
            kept = nil
        }
        self.historyFile = kept
        let breaks = unsafe strdup(Self.wordBreaks)
        unsafe editor_configure(
            breaks, { _, start, end in unsafe LineEditor.attemptCompletion(start, end) },
            { _, _, _ in LineEditor.listCompletions() }, Self.keys,
            { _ in LineEditor.getKey() })
        for entry in entries { unsafe add_history(entry) }
        history = entries
    }

    /// Drops the line that is being edited. From any thread.
    public var interrupt: @Sendable () -> Void {
        { [signals] in
            signals.isInterrupted.store(true, ordering: .releasing)
            signals.pipe.wake()
        }
    }

    /// Says that the terminal's size has changed. From any thread.
    public var resized: @Sendable () -> Void {
        { [signals] in
            signals.isResized.store(true, ordering: .releasing)
            signals.pipe.wake()
        }
    }

    /// Says that the process was stopped and goes on. From any thread.
    public var continued: @Sendable () -> Void {
        { [signals] in
            signals.isContinued.store(true, ordering: .releasing)
            signals.pipe.wake()
        }
    }

    /// Makes the editor call `onWake`. From any thread.
    public var wake: @Sendable () -> Void {
        { [signals] in signals.pipe.wake() }
    }

    /// The next entry; see `EntrySource`.
    public func readEntry(prompt: String, continuation: String, isIncomplete: (String) -> Bool) -> Entry {
        // A press that came since the last line counts: it may be the second of two.
        withoutActuallyEscaping(isIncomplete) { isIncomplete in
            self.isIncomplete = isIncomplete
            defer { (self.isIncomplete, earlierLines) = ({ _ in false }, "") }
            while true {
                switch readLine(prompt: earlierLines.isEmpty ? prompt : continuation) {
                case nil: return .interrupted
                case .end: return earlierLines.isEmpty ? .end : .text(trimmedEnd(earlierLines))
                case .line(let line):
                    let text = earlierLines + line
                    if !isIncomplete(text) { return .text(trimmedEnd(text)) }
                    earlierLines = text + "\n"
                }
            }
        }
    }

    /// Keeps an entry for recall, in the history file too where there is one.
    public func remember(_ entry: String) {
        guard !entry.isEmpty else { return }
        history.removeAll { $0 == entry }
        history.append(entry)
        unsafe editor_remember(entry, Int32(historyFile?.limit ?? 10_000))
        do {
            try historyFile?.append(entry)
        } catch {
            writer.writeError("this entry is not in the history file: \(error.localizedDescription)\n")
        }
    }

    /// The next byte that was typed. One that was there a moment ago may be gone: Ctrl-C discards what was typed before it, and the
    /// wait for more then ends with the line.
    private static func getKey() -> Int32 {
        while true {
            var key: UInt8 = 0
            let count = unsafe read(0, &key, 1)
            if count == 1 { return Int32(key) }
            if count < 0, errno != EINTR { return EOF }
            var terminal = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            if count == 0, unsafe poll(&terminal, 1, 0) > 0, terminal.revents & Int16(POLLHUP) != 0 { return EOF }
            // A null byte sets the mark, of a line that nobody will see again.
            if unsafe current?.signals.isInterrupted.load(ordering: .acquiring) != false { return 0 }
        }
    }

    /// One line, or nil after Ctrl-C.
    private func readLine(prompt: String) -> LineEvent? {
        event = nil
        unsafe Self.current = self
        writer.promptDidStart(wake: wake)
        defer {
            writer.promptDidEnd()
            unsafe Self.current = nil
        }
        unsafe rl_callback_handler_install(prompt) { line in unsafe LineEditor.accept(line) }
        while true {
            var descriptors = [
                pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.pipe.readEnd, events: Int16(POLLIN), revents: 0),
                pollfd(fd: watchedDescriptor, events: Int16(POLLIN), revents: 0),  // poll skips a negative one
            ]
            let count = unsafe poll(&descriptors, 3, -1)
            if count < 0 && errno != EINTR {
                rl_callback_handler_remove()
                return .end
            }
            if descriptors[1].revents != 0 { signals.pipe.drain() }
            if signals.isInterrupted.exchange(false, ordering: .acquiringAndReleasing) {
                editor_abandon()
                return nil
            }
            if signals.isContinued.exchange(false, ordering: .acquiringAndReleasing) { editor_resume() }
            if signals.isResized.exchange(false, ordering: .acquiringAndReleasing) { rl_resize_terminal() }
            if descriptors[1].revents != 0 || descriptors[2].revents != 0 { onWake() }
            if descriptors[0].revents & Int16(POLLIN) != 0 {
                rl_callback_read_char()
            } else if descriptors[0].revents != 0 {
                rl_callback_handler_remove()
                return .end
            }
            if let event { return event }
            showQueuedText()
        }
    }

    /// Writes what other threads said above the prompt; a search owns the line, so text waits for its end.
    private func showQueuedText() {
        guard editor_is_searching() == 0 else { return }
        let text = writer.takeQueued()
        if !text.isEmpty { showAbovePrompt(text) }
    }

    /// Writes text where the prompt is and the prompt below it.
    func showAbovePrompt(_ text: String) {
        editor_hide()
        Self.write(text.hasSuffix("\n") ? text : text + "\n")
        editor_show()
    }

    /// Runs something that writes and reads by itself, from `onWake`: the line is taken away and comes back as it was, after
    /// a new prompt.
    public func aside(_ body: () -> Void, prompt: () -> String) {
        guard unsafe Self.current === self else { return body() }
        editor_hide()
        rl_deprep_terminal()
        writer.promptDidEnd()
        body()
        writer.promptDidStart(wake: wake)
        if earlierLines.isEmpty { unsafe _ = rl_set_prompt(prompt()) }
        rl_prep_terminal(1)
        editor_show()
    }

    private func trimmedEnd(_ text: String) -> String {
        var text = text
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }

    private static func accept(_ line: UnsafeMutablePointer<CChar>?) {
        // Removing the handler here keeps readline from showing the next prompt before the entry has run.
        rl_callback_handler_remove()
        guard let line = unsafe line else {
            write("\n")
            unsafe current?.event = .end
            return
        }
        unsafe current?.event = .line(String(cString: line))
        unsafe free(line)
    }

    static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}

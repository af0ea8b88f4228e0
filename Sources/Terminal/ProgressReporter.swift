internal import Dispatch
public import Display
internal import Foundation
internal import Synchronization

/// Shows the progress of work on standard error: a status line on a terminal once the work takes longer than two seconds,
/// without a terminal a line every ten seconds. Safe from any thread.
public final class ProgressReporter: Sendable {
    private struct Task {
        var line: ProgressLine
        var lastPrinted: Double
        var wasShown = false
    }

    private struct State {
        var tasks: [Int: Task] = [:]
        var nextID = 0
        var timer: (any DispatchSourceTimer)?
        var hint: String?
    }

    /// Work shorter than this, in seconds, shows nothing.
    public static let showAfter = 2.0
    /// Seconds between two lines where there is no terminal.
    public static let lineInterval = 10.0

    private let writer: TerminalWriter
    private let style: Style
    private let isQuiet: Bool
    private let clock: @Sendable () -> Double
    private let hasTimer: Bool
    private let state = Mutex(State())

    /// A reporter; with a `clock` of one's own, time passes only through `tick`.
    public init(
        writer: TerminalWriter, style: Style = .plain, isQuiet: Bool = false, clock: (@Sendable () -> Double)? = nil
    ) {
        self.writer = writer
        self.style = style
        self.isQuiet = isQuiet
        hasTimer = clock == nil
        self.clock = clock ?? { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
    }

    /// Begins a piece of work. `completed` is what a resumed work has done before; `unit` is singular, `B` for bytes.
    public func begin(_ label: String, completed: Double = 0, total: Double? = nil, unit: String = "step")
        -> ProgressBar
    {
        let now = clock()
        let id = state.withLock { state in
            state.nextID += 1
            let line = ProgressLine(label: label, completed: completed, total: total, unit: unit, start: now)
            state.tasks[state.nextID] = Task(line: line, lastPrinted: now)
            if hasTimer, !isQuiet, state.timer == nil { state.timer = makeTimer() }
            return state.nextID
        }
        return ProgressBar(id: id, reporter: self)
    }

    /// Says below the picture of work with figures what else can be seen; nil takes that away.
    public func setHint(_ text: String?) { state.withLock { $0.hint = text } }

    /// Draws what is due now.
    public func tick() {
        guard !isQuiet else { return }
        let now = clock()
        state.withLock { state in
            if writer.showsStatus {
                if let status = status(&state, now: now) { writer.setStatus(status) }
            } else {
                for (id, task) in state.tasks where now - task.lastPrinted >= Self.lineInterval {
                    state.tasks[id]?.lastPrinted = now
                    state.tasks[id]?.wasShown = true
                    writer.writeError(task.line.text(now: now, width: 200, hasBar: false) + "\n")
                }
            }
        }
    }

    /// All work that is due, the outermost first; what has nothing to tell only where there is nothing else.
    private func status(_ state: inout State, now: Double) -> String? {
        var due = state.tasks.filter { now - $0.value.line.start >= Self.showAfter }
        if due.values.contains(where: { !$0.line.isSilent }) { due = due.filter { !$0.value.line.isSilent } }
        guard !due.isEmpty else { return nil }
        let size = TerminalSize.current()
        var lines: [String] = []
        for (id, task) in due.sorted(by: { $0.key < $1.key }) {
            state.tasks[id]?.wasShown = true
            let indent = lines.isEmpty ? "" : "  "
            lines += task.line.lines(now: now, width: size.columns - 1 - indent.count, style: style).map { indent + $0 }
        }
        if let hint = state.hint, due.values.contains(where: { !$0.line.figures.isEmpty }) {
            lines.append("  " + style.paint(DisplayWidth.truncated(hint, to: size.columns - 3), .gray))
        }
        return lines.prefix(max(1, size.rows / 2)).joined(separator: "\n")
    }

    func update(_ id: Int, _ change: (inout ProgressLine) -> Void) {
        let now = clock()
        state.withLock { state in
            guard var task = state.tasks[id] else { return }
            change(&task.line)
            state.tasks[id] = task
            // What was begun before goes on as long as its parts do.
            for outer in state.tasks.keys where outer <= id { state.tasks[outer]?.line.lastEvent = now }
        }
    }

    func end(_ id: Int, leavesLine: Bool) {
        let now = clock()
        state.withLock { state in
            guard let task = state.tasks.removeValue(forKey: id) else { return }
            if state.tasks.isEmpty {
                state.timer?.cancel()
                state.timer = nil
            }
            guard task.wasShown else { return }
            var line = task.line
            line.lastEvent = now
            let text = leavesLine ? line.text(now: now, width: 200, hasBar: false, style: style) : nil
            if text == nil, writer.showsStatus, let rest = status(&state, now: now) {
                writer.setStatus(rest)
            } else {
                writer.endStatus(leaving: text)
            }
        }
    }

    private func makeTimer() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        timer.schedule(deadline: .now() + 0.25, repeating: 0.25)
        timer.setEventHandler { [weak self] in self?.tick() }
        timer.resume()
        return timer
    }
}

/// A piece of work that is being reported. Safe from any thread.
public struct ProgressBar: Sendable {
    let id: Int
    let reporter: ProgressReporter

    /// News: how much is done, and perhaps how much there is and what else is worth seeing.
    public func update(
        completed: Double, total: Double? = nil, detail: String? = nil, figures: [ProgressLine.Figure]? = nil
    ) {
        reporter.update(id) { line in
            line.completed = completed
            if let figures { line.figures = figures }
            if let total { line.total = total }
            if let detail { line.detail = detail }
        }
    }

    /// News: some more is done.
    public func advance(by amount: Double = 1, detail: String? = nil) {
        reporter.update(id) { line in
            line.completed += amount
            if let detail { line.detail = detail }
        }
    }

    /// The work is over; further news are ignored. A line about it stays if it was shown, unless it `leavesLine` not.
    public func end(leavesLine: Bool = true) { reporter.end(id, leavesLine: leavesLine) }
}

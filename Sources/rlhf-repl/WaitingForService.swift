import Synchronization
import Terminal

/// Shows what a remote service is waited for: on a terminal in the status line, else as lines.
final class WaitingForService: Sendable {
    private let writer: TerminalWriter
    private let reporter: ProgressReporter
    private let bar = Mutex<ProgressBar?>(nil)

    init(_ console: Console) {
        writer = console.writer
        reporter = console.progress
    }

    /// What is waited for; nil when that is over.
    func show(_ line: String?) {
        guard writer.isErrorTerminal, writer.showsStatus else {
            if let line { writer.writeError(line + "\n") }
            return
        }
        bar.withLock { bar in
            guard let line else {
                bar?.end(leavesLine: false)
                bar = nil
                return
            }
            let shown = bar ?? reporter.begin("service", unit: "wait")
            shown.update(completed: 0, detail: line)
            bar = shown
        }
    }
}

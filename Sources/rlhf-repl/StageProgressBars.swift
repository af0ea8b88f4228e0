import Cookbook
import Synchronization
import Terminal

/// Shows how far stages are: one bar for each stage that is under way.
final class StageProgressBars: ProgressSink {
    private let reporter: ProgressReporter
    private let writer: TerminalWriter
    private let bars = Mutex<[String: ProgressBar]>([:])

    init(reporter: ProgressReporter, writer: TerminalWriter) {
        self.reporter = reporter
        self.writer = writer
    }

    func report(_ progress: StageProgress) {
        bars.withLock { bars in
            let isOver = progress.done >= progress.total
            let bar: ProgressBar
            if let known = bars[progress.stage] {
                bar = known
            } else if isOver {
                return
            } else {
                bar = reporter.begin(
                    progress.stage, completed: Double(progress.done), total: Double(progress.total), unit: progress.unit)
                bars[progress.stage] = bar
            }
            bar.update(completed: Double(progress.done), total: Double(progress.total), detail: progress.detail)
            if isOver {
                bar.end()
                bars[progress.stage] = nil
            }
        }
    }

    /// Ends the bars of stages that have stopped before their end, for instance after three steps by hand. A stage that
    /// goes on gets a new one.
    func endAll() {
        bars.withLock { bars in
            for bar in bars.values { bar.end() }
            bars = [:]
        }
    }

    func note(_ message: String) { writer.writeError(message + "\n") }
}

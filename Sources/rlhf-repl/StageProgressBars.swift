import Cookbook
import Synchronization
import Terminal

/// Shows how far stages are: one bar for each stage that is under way.
final class StageProgressBars: ProgressSink {
    private let reporter: ProgressReporter
    private let writer: TerminalWriter
    private let state = Mutex((bars: [String: ProgressBar](), isRunning: true))

    init(reporter: ProgressReporter, writer: TerminalWriter) {
        self.reporter = reporter
        self.writer = writer
    }

    func report(_ progress: StageProgress) {
        state.withLock { state in
            let isOver = progress.done >= progress.total
            let bar: ProgressBar
            if let known = state.bars[progress.stage] {
                bar = known
            } else if isOver || !state.isRunning {
                return
            } else {
                bar = reporter.begin(
                    progress.stage, completed: Double(progress.done), total: Double(progress.total), unit: progress.unit)
                state.bars[progress.stage] = bar
            }
            bar.update(completed: Double(progress.done), total: Double(progress.total), detail: progress.detail)
            if isOver {
                bar.end()
                state.bars[progress.stage] = nil
            }
        }
    }

    /// Says whether a cell runs. When it ends, so do the bars of stages that have stopped before their end, for instance after
    /// three steps by hand; a stage that goes on in the background gets a new one with the next cell.
    func setRunning(_ isRunning: Bool) {
        state.withLock { state in
            state.isRunning = isRunning
            guard !isRunning else { return }
            for bar in state.bars.values { bar.end() }
            state.bars = [:]
        }
    }

    func note(_ message: String) { writer.writeError(message + "\n") }
}

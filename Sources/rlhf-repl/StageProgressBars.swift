import Cookbook
import Display
import Synchronization
import Terminal

/// Shows how far stages are: one bar for each stage that is under way.
final class StageProgressBars: ProgressSink {
    private let reporter: ProgressReporter
    private let writer: TerminalWriter
    private let state = Mutex((bars: [String: Bar](), isRunning: true))

    /// A stage's bar, and the course of its main metric so far.
    private struct Bar {
        let bar: ProgressBar
        var values: [Double] = []

        /// What the stage says, with the course once there is one.
        mutating func detail(_ progress: StageProgress) -> String {
            if let value = progress.value { values = (values + [value]).suffix(20) }
            return values.count < 3 ? progress.detail : progress.detail + " " + Sparkline.text(values)
        }
    }

    init(reporter: ProgressReporter, writer: TerminalWriter) {
        self.reporter = reporter
        self.writer = writer
    }

    func report(_ progress: StageProgress) {
        state.withLock { state in
            let isOver = progress.done >= progress.total
            if state.bars[progress.stage] == nil, isOver || !state.isRunning { return }
            var bar =
                state.bars[progress.stage]
                ?? Bar(
                    bar: reporter.begin(
                        progress.stage, completed: Double(progress.done), total: Double(progress.total), unit: progress.unit))
            bar.bar.update(completed: Double(progress.done), total: Double(progress.total), detail: bar.detail(progress))
            state.bars[progress.stage] = bar
            if isOver {
                bar.bar.end()
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
            for bar in state.bars.values { bar.bar.end() }
            state.bars = [:]
        }
    }

    func note(_ message: String) { writer.writeError(message + "\n") }
}

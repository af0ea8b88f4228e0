import Cookbook
import Display
import Synchronization
import Terminal

/// Shows how far stages are: one bar for each stage that is under way.
final class StageProgressBars: ProgressSink {
    private let reporter: ProgressReporter
    private let writer: TerminalWriter
    private let bars = Mutex<[String: Bar]>([:])

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
        bars.withLock { bars in
            let isOver = progress.done >= progress.total
            if bars[progress.stage] == nil, isOver { return }
            var bar =
                bars[progress.stage]
                ?? Bar(
                    bar: reporter.begin(
                        progress.stage, completed: Double(progress.done), total: Double(progress.total), unit: progress.unit))
            bar.bar.update(completed: Double(progress.done), total: Double(progress.total), detail: bar.detail(progress))
            bars[progress.stage] = bar
            if isOver {
                bar.bar.end()
                bars[progress.stage] = nil
            }
        }
    }

    /// Ends the bars of stages that have stopped before their end, for instance after three steps by hand. A stage that
    /// goes on gets a new one.
    func endAll() {
        bars.withLock { bars in
            for bar in bars.values { bar.bar.end() }
            bars = [:]
        }
    }

    func note(_ message: String) { writer.writeError(message + "\n") }
}

import Cookbook
import Display
import LuaBindings
import Synchronization
import Terminal

/// Shows how far stages are, one bar for each stage that is under way, and keeps what the latest of them was trained on.
final class StageProgressBars: ProgressSink {
    private let reporter: ProgressReporter
    private let writer: TerminalWriter
    private let state = Mutex(State())

    private struct State {
        /// The bars by stage, the outermost first.
        var bars: [(stage: String, bar: ProgressBar)] = []
        var isRunning = true
        var latest: Latest?
        var onSamples: (@Sendable () -> Void)?
    }

    /// The batch that a stage has been trained on last.
    private struct Latest: Sendable {
        let batch: TrainingBatch
        let stage: String
        let renderer: any Renderer
    }

    init(reporter: ProgressReporter, writer: TerminalWriter) {
        self.reporter = reporter
        self.writer = writer
    }

    func report(_ progress: StageProgress) {
        state.withLock { state in
            let isOver = progress.done >= progress.total
            let place = state.bars.firstIndex { $0.stage == progress.stage }
            if place == nil, isOver || !state.isRunning { return }
            let bar: ProgressBar
            if let place {
                bar = state.bars[place].bar
            } else {
                bar = reporter.begin(
                    progress.stage, completed: Double(progress.done), total: Double(progress.total), unit: progress.unit)
                state.bars.append((progress.stage, bar))
            }
            bar.update(
                completed: Double(progress.done), total: Double(progress.total),
                figures: progress.courses.map { ProgressLine.Figure(name: $0.name, values: $0.values) })
            guard isOver else { return }
            state.bars.removeAll { $0.stage == progress.stage }
            // What is a part of a stage comes again with its every step.
            bar.end(leavesLine: state.bars.isEmpty)
        }
    }

    /// Says whether a cell runs. When it ends, so do the bars of stages that have stopped before their end, for instance after
    /// three steps by hand; a stage that goes on in the background gets a new one with the next cell.
    func setRunning(_ isRunning: Bool) {
        state.withLock { state in
            state.isRunning = isRunning
            guard !isRunning else { return }
            while let (_, bar) = state.bars.popLast() { bar.end(leavesLine: state.bars.isEmpty) }
        }
    }

    func note(_ message: String) { writer.writeError(message + "\n") }

    // MARK: The last samples

    /// Calls a body, on any thread, whenever there are new samples.
    func onSamples(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.onSamples = body } }

    func trained(on batch: TrainingBatch, stage: String, renderer: any Renderer) {
        let changed = state.withLock { state in
            state.latest = Latest(batch: batch, stage: stage, renderer: renderer)
            return state.onSamples
        }
        changed?()
    }

    /// What the latest step of any stage was trained on; nil before the first. Any thread may ask.
    func lastSamples() throws -> SampleList? {
        guard let latest = state.withLock({ $0.latest }) else { return nil }
        return try SampleList(latest.batch, stage: latest.stage, tokenizer: latest.renderer.tokenizer)
    }
}

import Terminal

/// Shows on a terminal that a cell is running, and for how long, while no stage has a bar of its own.
final class WaitingBar {
    private let console: Console
    private var bar: ProgressBar?

    init(_ console: Console) { self.console = console }

    func setRunning(_ isRunning: Bool) {
        // The session itself says how long a cell took.
        bar?.end(leavesLine: false)
        // Without a terminal every line would stay; stages report for themselves there.
        let isShown = isRunning && console.writer.isErrorTerminal && console.writer.showsStatus
        bar = isShown ? console.progress.begin("running", unit: "cell") : nil
    }
}

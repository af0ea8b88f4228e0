import Synchronization
import Terminal
import Testing

/// A clock that is set by hand, and what was written meanwhile.
private final class Stage: Sendable {
    let now = Mutex(0.0)
    let text = Mutex("")

    func reporter(isTerminal: Bool) -> ProgressReporter {
        let writer = TerminalWriter(isOutputTerminal: isTerminal, isErrorTerminal: isTerminal) { _, text in
            self.text.withLock { $0 += text }
        }
        return ProgressReporter(writer: writer) { self.now.withLock { $0 } }
    }

    func take() -> String {
        text.withLock { text in
            defer { text = "" }
            return text
        }
    }
}

struct ProgressTests {
    @Test("a line tells percent, amounts, rate, elapsed time, ETA and details")
    func line() {
        var line = ProgressLine(label: "SFT", total: 40, start: 100)
        line.completed = 10
        line.detail = "loss 2.31"
        line.lastEvent = 120
        #expect(line.text(now: 120, hasBar: false) == "SFT:  25%  10/40 steps  0.50 steps/s  20 s  ETA 1:00  loss 2.31")
        #expect(line.text(now: 131, hasBar: false).hasSuffix("stalled 11 s"))
    }

    @Test("resumed work does not count what was done before into the rate")
    func resumed() {
        var line = ProgressLine(label: "model", completed: 50_000_000, total: 100_000_000, unit: "B", start: 0)
        line.completed = 60_000_000
        line.lastEvent = 10
        #expect(line.text(now: 10, hasBar: false) == "model:  60%  60.0 MB/100.0 MB  1.0 MB/s  10 s  ETA 40 s")
    }

    @Test(
        "durations are short",
        arguments: [(0.42, "0.4 s"), (12.3, "12 s"), (187, "3:07"), (3723, "1:02:03"), (-1, "0.0 s"), (.infinity, "?")])
    func duration(seconds: Double, text: String) {
        #expect(ProgressLine.duration(seconds) == text)
    }

    @Test("without a terminal, whoever shows the status gets each line in place of the one before, and the last one to keep")
    func ownStatus() {
        let now = Mutex(0.0), shown = Mutex([(String, Bool)]()), text = Mutex("")
        let writer = TerminalWriter(
            isOutputTerminal: false, isErrorTerminal: false, sink: { _, new in text.withLock { $0 += new } },
            status: { line, isLast in shown.withLock { $0.append((line, isLast)) } })
        let reporter = ProgressReporter(writer: writer) { now.withLock { $0 } }
        let bar = reporter.begin("work", total: 4)
        reporter.tick()
        now.withLock { $0 = 4 }
        bar.update(completed: 2)
        reporter.tick()
        bar.end()
        let lines = shown.withLock { $0 }
        #expect(lines.map(\.1) == [false, true])
        #expect(lines.first?.0.contains("2/4 steps") == true)
        #expect(lines.last?.0.hasPrefix("work:  50%") == true)
        #expect(text.withLock { $0 } == "")
    }

    @Test("on a terminal nothing shows before two seconds, then one line that is overwritten")
    func terminal() {
        let stage = Stage()
        let reporter = stage.reporter(isTerminal: true)
        let bar = reporter.begin("work", total: 4)
        stage.now.withLock { $0 = 1.9 }
        reporter.tick()
        #expect(stage.take() == "")
        bar.update(completed: 2)
        stage.now.withLock { $0 = 4 }
        reporter.tick()
        let shown = stage.take()
        #expect(shown.hasPrefix("\rwork: ▕") && shown.contains(" 50%") && shown.hasSuffix("\u{1B}[K"))
        bar.end()
        let last = stage.take()
        #expect(last.hasPrefix("\r\u{1B}[K") && last.hasSuffix("\n"))
        let short = reporter.begin("short")
        short.end()
        #expect(stage.take() == "")
    }

    @Test("work whose parts go on has not stalled")
    func parts() {
        let stage = Stage()
        let reporter = stage.reporter(isTerminal: true)
        let whole = reporter.begin("whole", total: 4)
        let part = reporter.begin("part")
        stage.now.withLock { $0 = 60 }
        part.update(completed: 50)
        reporter.tick()
        #expect(!stage.take().contains("stalled"))
        stage.now.withLock { $0 = 90 }
        whole.update(completed: 1)
        reporter.tick()
        let shown = stage.take()
        #expect(shown.contains("part: ") && shown.contains("stalled 30 s"))
    }

    @Test("without a terminal there is a line every ten seconds")
    func pipe() {
        let stage = Stage()
        let reporter = stage.reporter(isTerminal: false)
        let bar = reporter.begin("work", total: 100)
        for second in 1...25 {
            stage.now.withLock { $0 = Double(second) }
            bar.update(completed: Double(second))
            reporter.tick()
        }
        bar.end()
        #expect(
            stage.take() == """
                work:  10%  10/100 steps  1.00 steps/s  10 s  ETA 1:30
                work:  20%  20/100 steps  1.00 steps/s  20 s  ETA 1:20
                work:  25%  25/100 steps  1.00 steps/s  25 s  ETA 1:15

                """)
    }

    @Test("printed text stands above the status line, which is drawn again")
    func textAndStatus() {
        let stage = Stage()
        let writer = TerminalWriter(isOutputTerminal: true, isErrorTerminal: true) { _, text in
            stage.text.withLock { $0 += text }
        }
        writer.setStatus("50%")
        writer.write("a\n")
        writer.write("half a line")
        writer.setStatus(nil)
        #expect(stage.take() == "\r50%\u{1B}[K\r\u{1B}[Ka\n\r50%\u{1B}[K\r\u{1B}[Khalf a line")
        writer.terminalDidEcho()
        writer.writeError("interrupted\n")
        #expect(stage.take() == "\ninterrupted\n")
    }
}

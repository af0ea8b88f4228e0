import ArgumentParser
import Bench
import Dispatch
import Display
import Foundation
import ModelFiles
import Terminal

/// `rlhf-repl bench`: how fast this machine trains and samples, and how fast it could.
struct BenchCommand: ParsableCommand {
    /// The first argument that chooses this command; a script of this name is run as `./bench`.
    static let word = "bench"

    static let configuration = CommandConfiguration(
        commandName: word,
        abstract: "Measures the machine's peak, then training and sampling: tokens per second, peak share, memory; and the prompt.",
        discussion: """
            Workloads: sft, prefill, decode-1, decode-4, decode-16, decode-64, groups-64, tournament, rl-step, session, pipeline. Scaling \
            tables: length, batch, rank, threads, size. Each runs in a process of its own. Ctrl-C shows what there is. Measure \
            alone: a busy neighbour costs more than its share.
            """)

    @Option(help: ArgumentHelp("The model, by name or path.", valueName: "name-or-path"))
    var model = ModelStore.defaultModel.name

    @Option(help: ArgumentHelp("The number of threads that compute; by default all cores.", valueName: "n"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: ArgumentHelp("How often each workload runs; the median counts. By default 3, with --quick 1.", valueName: "n"))
    var runs: Int?

    @Option(help: ArgumentHelp("Only these workloads and tables, with commas between; decode means all of them.", valueName: "names"))
    var only: [String] = []

    @Flag(help: "Small sizes: to see that everything works, not for figures.")
    var quick = false

    @Flag(help: "Also the whole tutorial.")
    var pipeline = false

    @Flag(help: "Also the scaling tables.")
    var scaling = false

    @Option(help: ArgumentHelp("Alternate with the peers whose scripts are in this folder (see scripts/peers).", valueName: "folder"))
    var peers: String?

    @Option(help: ArgumentHelp("The peers' Python; by default peers/bin/python in their folder.", valueName: "path"))
    var python: String?

    @Option(help: ArgumentHelp("Write JSON to a file, or with - to standard output in place of the tables.", valueName: "file"))
    var json: String?

    @Flag(help: "Show what is counted, with the model's numbers, and measure nothing.")
    var explain = false

    @Flag(help: .hidden)
    var worker = false

    func validate() throws {
        if threads < 1 { throw ValidationError("--threads takes a number from 1, not \(threads)") }
        if let runs, runs < 1 { throw ValidationError("--runs takes a number from 1, not \(runs)") }
        if python != nil, peers == nil { throw ValidationError("--python needs --peers") }
        if let peers, !FileManager.default.fileExists(atPath: peers) {
            throw ValidationError("--peers: there is no folder '\(peers)'")
        }
        do {
            _ = try selection()
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() throws {
        if worker { return serve() }
        let interruption = Interruption()
        _ = SignalWatcher([SIGINT, SIGTERM]) { _ in interruption.fire() }
        let writer = TerminalWriter()
        do {
            let entry = try ModelStore().resolve(model)
            if explain {
                writer.write(Roofline(try ModelConfig(GGUFFile(path: entry.path)), rank: 32).explanation + "\n")
                return
            }
            let report = try measure(entry, interruption, writer)
            try show(report, writer)
            if report.isInterrupted { throw ExitCode(130) }
            if report.hasFailures { throw ExitCode(1) }
        } catch let error as ModelFileError {
            writer.writeError("error: \(error)\n")
            throw ExitCode(1)
        }
    }

    private func selection() throws(BenchError) -> BenchSelection {
        try BenchSelection(
            only: only.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces) }, hasPipeline: pipeline,
            hasTables: scaling, isQuick: quick, threads: threads)
    }

    private func measure(_ entry: ModelStore.Entry, _ interruption: Interruption, _ writer: TerminalWriter) throws -> Report {
        let selection = try selection()
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let settings = Bench.Settings(
            model: entry, modelArgument: model, threads: threads, runs: runs ?? (quick ? 1 : 3), isQuick: quick, cases: selection.cases,
            tables: selection.tables, peers: peers.map { PeerFolder($0, python: python) }, executable: executable,
            workerArguments: [Self.word, "--worker"])
        let reporter = ProgressReporter(writer: writer, isQuiet: !writer.isErrorTerminal)
        let bar = reporter.begin(Self.word, unit: "run")
        // A run may take minutes and tell nothing; it is at work all the same.
        let pulse = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        pulse.schedule(deadline: .now(), repeating: 1)
        pulse.setEventHandler { bar.advance(by: 0) }
        pulse.resume()
        defer {
            pulse.cancel()
            bar.end()
        }
        var bench = try Bench(settings, interruption: interruption) { what, done, total in
            bar.update(completed: Double(done), total: Double(total), detail: what)
        }
        return bench.run()
    }

    private func show(_ report: Report, _ writer: TerminalWriter) throws {
        let style = Style(
            choice: .auto, isTerminal: writer.isOutputTerminal, environment: ProcessInfo.processInfo.environment)
        let width = writer.isOutputTerminal ? TerminalSize.current().columns : 160
        if json != "-" { writer.write(report.text(style: style, width: width) + "\n") }
        guard let json else { return }
        let text = try report.json() + "\n"
        if json == "-" { return writer.write(text) }
        do {
            try Data(text.utf8).write(to: URL(filePath: json), options: .atomic)
        } catch {
            writer.write(text)
            writer.writeError("error: cannot write \(json) (\(error.localizedDescription)); the JSON is on standard output\n")
            throw ExitCode(1)
        }
    }

    /// The child's side of a measurement.
    private func serve() {
        let ended = DispatchSemaphore(value: 0)
        Task {
            await Worker.serve()
            ended.signal()
        }
        ended.wait()
    }
}

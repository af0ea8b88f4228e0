import Foundation
package import ModelFiles

/// Measures the machine, then each workload in a process of its own, then the tables.
package struct Bench {
    /// What is measured, and how.
    package struct Settings: Sendable {
        /// The model as found.
        package var model: ModelStore.Entry
        /// The model as the user named it.
        package var modelArgument: String
        /// The threads that compute.
        package var threads: Int
        /// How often each workload runs.
        package var runs: Int
        /// Whether the machine is measured only once.
        package var isQuick: Bool
        /// The workloads, in order.
        package var cases: [BenchCase]
        /// The scaling tables, in order.
        package var tables: [ScalingTable]
        /// The peers to alternate with.
        package var peers: PeerFolder?
        /// The path of this program.
        package var executable: String
        /// The arguments that make it a worker.
        package var workerArguments: [String]

        package init(
            model: ModelStore.Entry, modelArgument: String, threads: Int, runs: Int, isQuick: Bool, cases: [BenchCase],
            tables: [ScalingTable],
            peers: PeerFolder?, executable: String, workerArguments: [String]
        ) {
            (self.model, self.modelArgument, self.threads) = (model, modelArgument, threads)
            (self.runs, self.isQuick) = (runs, isQuick)
            (self.cases, self.tables, self.peers) = (cases, tables, peers)
            (self.executable, self.workerArguments) = (executable, workerArguments)
        }
    }

    private let settings: Settings
    private let file: GGUFFile
    private let config: ModelConfig
    private let interruption: Interruption
    private let progress: (_ what: String, _ done: Int, _ total: Int) -> Void
    private var report: Report
    private var done = 0

    /// Throws when the model cannot be read. `progress` is told what runs now, and how many of all runs are done.
    package init(
        _ settings: Settings, interruption: Interruption,
        progress: @escaping (_ what: String, _ done: Int, _ total: Int) -> Void
    ) throws(ModelFileError) {
        self.settings = settings
        self.interruption = interruption
        self.progress = progress
        file = try GGUFFile(path: settings.model.path)
        config = try ModelConfig(file)
        report = Report(model: settings.model.name, threads: settings.threads)
    }

    /// Measures everything. Failures stand in the report, beside what could be measured; so does Ctrl-C.
    package mutating func run() -> Report {
        do {
            try measureMachine(threads: settings.threads)
            for item in settings.cases { try run(item) }
            for table in settings.tables { try run(table) }
        } catch BenchError.interrupted {
            report.isInterrupted = true
        } catch {
            report.failure = Self.text(error)
        }
        return report
    }

    // MARK: Workloads

    private mutating func run(_ item: BenchCase) throws {
        if case .session(let idleSeconds) = item.kind { return try measureSession(idleSeconds: idleSeconds) }
        var result = BenchResult(name: item.name, title: item.title, threads: settings.threads)
        // Also when Ctrl-C ends it: the runs until then count.
        defer { report.results.append(result) }
        switch item.kind {
        case .workload(let any): try measure(any, model: settings.model.path, shape: config, into: &result, withPeers: true)
        case .pipeline(let isSmoke): try measurePipeline(isSmoke: isSmoke, into: &result)
        case .session: break
        }
    }

    private mutating func run(_ table: ScalingTable) throws {
        report.tables.append((table.name, table.title, []))
        var random: (name: String, model: Result<RandomModel, any Error>)?
        defer { if case .success(let model) = random?.model { model.remove() } }
        for point in table.points {
            var result = BenchResult(name: point.label, title: "", threads: point.threads ?? settings.threads)
            defer { report.tables[report.tables.count - 1].results.append(result) }
            guard let shape = point.shape else {
                try measure(point.workload, model: settings.model.path, shape: config, into: &result)
                continue
            }
            if random?.name != shape.name {
                if case .success(let model) = random?.model { model.remove() }
                tell("writing a random model of \(shape.name)")
                random = (shape.name, Result { try RandomModel(shape, tokenizerOf: file) })
            }
            do {
                let path = try random?.model.get().path ?? ""
                try measure(point.workload, model: path, shape: try ModelConfig(try GGUFFile(path: path)), into: &result)
            } catch let error as BenchError where error == .interrupted {
                throw error
            } catch {
                result.failure = Self.text(error)
                done += settings.runs
            }
        }
    }

    /// Runs a workload, its peers between the runs. Only Ctrl-C throws.
    private mutating func measure(
        _ any: AnyWorkload, model: String, shape: ModelConfig, into result: inout BenchResult, withPeers: Bool = false
    ) throws {
        let workload = any.workload
        result.tokens = workload.tokens
        result.passes = workload.passes(shape)
        var peers = withPeers ? peers(any) : []
        let end = done + settings.runs * (1 + peers.count)
        defer { done = end }
        do {
            try measureMachine(threads: result.threads)
            tell("\(result.name): reading the model")
            let order = WorkerOrder(task: .workload(any), model: model, threads: result.threads)
            let worker = try WorkerProcess(
                order, name: "the worker of \(result.name)", command: [settings.executable] + settings.workerArguments,
                interruption: interruption)
            try worker.waitUntilReady()
            for number in 1...settings.runs {
                tell("\(result.name), run \(number)")
                let run = try worker.run()
                result.seconds.append(run.seconds)
                result.peakMB = Double(run.peakBytes) / 0x1p20
                done += 1
                let best = result.bestPeer?.tokensPerSecond
                for index in peers.indices {
                    tell("\(result.name), \(peers[index].result.name), run \(number)")
                    defer { result.peers = peers.map(\.result) }
                    peers[index].leaveOutIfHopeless(on: report.machine, best: best)
                    try peers[index].run(interruption)
                    done += 1
                }
            }
            try worker.end()
        } catch {
            // A child that Ctrl-C has killed fails in its own way.
            try interruption.check()
            result.failure = Self.text(error)
        }
    }

    /// Measures the session. Only Ctrl-C throws.
    private mutating func measureSession(idleSeconds: Double) throws {
        tell("session")
        defer { done += settings.runs }
        do {
            report.session = try SessionMeasurement(
                executable: settings.executable, model: settings.modelArgument, interruption: interruption
            ).figures(runs: settings.runs, idleSeconds: idleSeconds)
        } catch {
            try interruption.check()
            report.sessionFailure = Self.text(error)
        }
    }

    private mutating func measurePipeline(isSmoke: Bool, into result: inout BenchResult) throws {
        do {
            let script = try Pipeline.findScript(executable: settings.executable)
            let pipeline = Pipeline(script: script, isSmoke: isSmoke, executable: settings.executable)
            for number in 1...settings.runs {
                tell("\(result.name), run \(number)")
                let run = try pipeline.run(
                    model: settings.modelArgument, threads: settings.threads, interruption: interruption
                ) { tell("\(result.name), run \(number): \($0)") }
                result.seconds.append(run.seconds)
                result.peakMB = max(result.peakMB, Double(run.peakBytes) / 0x1p20)
                done += 1
            }
        } catch {
            try interruption.check()
            result.failure = Self.text(error)
        }
    }

    // MARK: Parts

    /// Measures the machine beside each workload and keeps the best: what shares are taken of must not depend on who else was busy
    /// at the beginning.
    private mutating func measureMachine(threads: Int) throws {
        if settings.isQuick, report.peaks[threads] != nil { return }
        tell("measuring the machine")
        let worker = try WorkerProcess(
            WorkerOrder(task: .machine(seconds: settings.isQuick ? 0.2 : 1), model: "", threads: threads),
            name: "the machine's measurement",
            command: [settings.executable] + settings.workerArguments, interruption: interruption)
        let peak = try worker.machinePeak()
        report.peaks[threads] = report.peaks[threads]?.best(peak) ?? peak
    }

    private func peers(_ any: AnyWorkload) -> [PeerRunner] {
        guard let folder = settings.peers else { return [] }
        return folder.peers(for: any, threads: settings.threads).map { PeerRunner($0, folder: folder) }
    }

    private func tell(_ what: String) { progress(what, done, total) }

    private var total: Int {
        let cases = settings.cases.reduce(0) { sum, item in
            if case .workload(let any) = item.kind { sum + 1 + peers(any).count } else { sum + 1 }
        }
        return settings.runs * (cases + settings.tables.reduce(0) { $0 + $1.points.count })
    }

    private static func text(_ error: any Error) -> String {
        String(describing: error)
    }
}

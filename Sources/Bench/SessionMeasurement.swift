internal import Foundation

/// How a session feels: measured on a pseudo-terminal, as somebody who types would.
struct SessionMeasurement {
    let executable: String
    /// The model's name or path, as the user gave it.
    let model: String
    let interruption: Interruption

    private static let prompt = "[1]> "
    /// What is typed before Tab, and something that has to appear.
    private static let completions = [
        ("string.f", "format"), ("rlhf.supervised.train{train_", "train_unembed"), ("rlhf.display.", "trajectory"),
    ]

    /// Start to the first prompt without a model's file and with one, the slowest completion's median, and the processor time
    /// of a session that nobody uses.
    func figures(runs: Int, idleSeconds: Double) throws -> [SessionFigure] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bench-session-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // what is left in a temporary folder is no harm
        var without: [Double] = []
        var with: [Double] = []
        for _ in 0..<max(3, runs) {
            without.append(try milliseconds { try start(folder, hasModel: false).wait(for: Self.prompt) })
            with.append(try milliseconds { try start(folder, hasModel: true).wait(for: Self.prompt) })
        }
        let session = try start(folder, hasModel: true)
        try session.wait(for: Self.prompt)
        let slowest = try Self.completions.map { try completion($0, in: session, runs: max(3, runs)) }
            .max { (Spread($0)?.median ?? 0) < (Spread($1)?.median ?? 0) }
        let before = try session.processorSeconds()
        Thread.sleep(forTimeInterval: idleSeconds)
        let idle = (try session.processorSeconds() - before) / idleSeconds * 100
        return [
            SessionFigure(name: "start_without_model_ms", title: "start to the prompt, no model on disk", values: without, bound: 50),
            SessionFigure(name: "start_ms", title: "start to the prompt, with the model", values: with, bound: 500),
            SessionFigure(name: "completion_ms", title: "Tab to the candidates, the slowest", values: slowest ?? [], bound: 20),
            SessionFigure(name: "idle_cpu_percent", title: "processor while nobody types", unit: "%", values: [idle], bound: 0),
        ]
    }

    private func start(_ folder: URL, hasModel: Bool) throws -> TerminalProcess {
        var environment = ProcessInfo.processInfo.environment
        // Nothing of the user's is read or written.
        for name in ["XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"] { environment[name] = folder.path }
        environment["INPUTRC"] = "/dev/null"
        environment["TERM"] = "xterm-256color"
        if !hasModel { environment["RLHF_REPL_CACHE"] = folder.path }
        return try TerminalProcess(
            name: "the session", executable: executable,
            arguments: ["--color", "never", "--log-dir", folder.path] + (hasModel ? ["--model", model] : []), environment: environment,
            interruption: interruption)
    }

    /// The time from Tab until the candidate is there, some times over; the line is empty again after.
    private func completion(_ probe: (typed: String, shown: String), in session: TerminalProcess, runs: Int) throws -> [Double] {
        try (0..<runs).map { _ in
            session.type(probe.typed)
            try session.wait(for: probe.typed)
            let time = try milliseconds {
                session.type("\t")
                try session.wait(for: probe.shown)
            }
            session.type("\u{3}")
            try session.wait(for: "^C")
            try session.wait(for: Self.prompt)
            return time
        }
    }

    private func milliseconds(_ body: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        return try clock.measure { try body() } / .milliseconds(1)
    }
}

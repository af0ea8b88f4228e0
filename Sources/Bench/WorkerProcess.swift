/// The parent's side of a measurement.
struct WorkerProcess {
    private let child: ChildProcess

    /// Starts a worker and gives it its order. `command` is this program with the arguments that make it a worker.
    init(_ order: WorkerOrder, name: String, command: [String], interruption: Interruption) throws {
        child = try ChildProcess(
            name: name, executable: command[0], arguments: Array(command.dropFirst()), interruption: interruption)
        child.send(try WorkerLine.text(order))
    }

    /// Waits until the model is read and warm.
    func waitUntilReady() throws {
        guard case .ready = try reply() else { throw BenchError.notUnderstood(child.name, line: "no 'ready'") }
    }

    /// One run: its time, and the peak of memory so far in bytes.
    func run() throws -> (seconds: Double, peakBytes: Int) {
        child.send("run")
        guard case .run(let seconds, let peak) = try reply() else {
            throw BenchError.notUnderstood(child.name, line: "no 'run'")
        }
        return (seconds, peak)
    }

    /// The machine's peak, from a worker with that order.
    func machinePeak() throws -> MachinePeak {
        guard case .machine(let peak) = try reply() else {
            throw BenchError.notUnderstood(child.name, line: "no 'machine'")
        }
        try child.end()
        return peak
    }

    /// Ends the worker.
    func end() throws { try child.end() }

    private func reply() throws -> WorkerReply {
        guard let line = child.nextLine() else {
            try child.end()
            throw BenchError.childFailed(child.name, status: 0, detail: "no result")
        }
        guard let reply = WorkerLine.message(WorkerReply.self, line) else {
            throw BenchError.notUnderstood(child.name, line: line)
        }
        if case .failed(let message) = reply { throw BenchError.workerFailed(message) }
        return reply
    }
}

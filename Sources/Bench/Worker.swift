import Dispatch
import Engine
import Foundation
import ModelFiles
import TrainingAPI

/// The child's side of a measurement: a process of its own for each workload, so that its peak memory is its own.
package enum Worker {
    /// Obeys the order on standard input until that ends.
    package static func serve() async {
        do {
            try await obey(lines())
        } catch {
            say(.failed(String(describing: error)))
        }
    }

    private static func obey(_ lines: AsyncStream<String>) async throws {
        var lines = lines.makeAsyncIterator()
        guard let line = await lines.next() else { return }
        guard let order = WorkerLine.message(WorkerOrder.self, line) else {
            throw BenchError.notUnderstood("the parent process", line: line)
        }
        switch order.task {
        case .machine(let seconds): say(.machine(try MachinePeak.measure(threads: order.threads, seconds: seconds)))
        case .workload(let any): try await measure(any.workload, order, lines)
        }
    }

    private static func measure(
        _ workload: any Workload, _ order: WorkerOrder, _ lines: AsyncStream<String>.Iterator
    ) async throws {
        var lines = lines
        let service = EngineService(
            store: ModelStore(), checkpointFolder: FileManager.default.temporaryDirectory.appending(path: "bench-unused"),
            threads: order.threads)
        let run = try await workload.prepare(service, model: order.model)
        say(.ready)
        var number = 0
        let clock = ContinuousClock()
        while await lines.next() != nil {
            number += 1
            let start = clock.now
            try await run(number)
            let seconds = start.duration(to: clock.now) / .seconds(1)
            say(.run(seconds: seconds, peakBytes: ResidentMemory.peak()))
        }
    }

    /// Standard input by lines. A thread of its own reads it: when the parent goes, nobody waits for the result of a run.
    private static func lines() -> AsyncStream<String> {
        AsyncStream { stream in
            let thread = Thread {
                while let line = readLine() { stream.yield(line) }
                // The engine may be in the middle of its work: nothing is torn down under it.
                _exit(0)
            }
            thread.name = "orders"
            thread.start()
        }
    }

    private static func say(_ reply: WorkerReply) {
        guard let line = try? WorkerLine.text(reply) else { return }
        // When the parent is gone there is nobody to tell.
        try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
    }
}

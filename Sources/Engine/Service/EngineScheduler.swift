import Dispatch
import Foundation
import Synchronization
import TrainingAPI

/// The engine's own thread. Between two steps of sampling it runs one queued operation of training; when there is nothing to do it
/// sleeps.
package final class EngineScheduler: Sendable {
    /// What only the engine's thread touches.
    struct Workspace {
        let pool: ThreadPool
        let learner: Learner
        let sampler: Sampler
    }

    private struct Queues {
        var operations: [@Sendable (Workspace) -> Void] = []
        var samples: [SampleRequest] = []
        var scores: [ScoreRequest] = []
        var isStopping = false

        var isEmpty: Bool { operations.isEmpty && samples.isEmpty && scores.isEmpty }
    }

    private let queues = Mutex(Queues())
    private let wake = DispatchSemaphore(value: 0)

    /// Starts the thread.
    init(model: BaseModel, threads: Int) throws {
        let pool = try ThreadPool(threads: threads)
        let thread = Thread { [self] in
            run(
                Workspace(
                    pool: pool, learner: Learner(model: model, pool: pool), sampler: Sampler(model: model, pool: pool)))
        }
        thread.name = "engine"
        thread.stackSize = 8 << 20
        thread.start()
    }

    func submit(_ operation: @escaping @Sendable (Workspace) -> Void) {
        queues.withLock { $0.operations.append(operation) }
        wake.signal()
    }

    func submit(_ request: SampleRequest) {
        queues.withLock { $0.samples.append(request) }
        wake.signal()
    }

    func submit(_ request: ScoreRequest) {
        queues.withLock { $0.scores.append(request) }
        wake.signal()
    }

    /// Ends the thread when what it is doing is done; work that waits is never started.
    func stop() {
        queues.withLock { $0.isStopping = true }
        wake.signal()
    }

    private func run(_ workspace: Workspace) {
        let sampler = workspace.sampler
        while true {
            let next = queues.withLock { queues -> (Queues, stopping: Bool) in
                var taken = Queues()
                if !queues.operations.isEmpty { taken.operations = [queues.operations.removeFirst()] }
                if sampler.hasRoom { swap(&taken.samples, &queues.samples) }
                swap(&taken.scores, &queues.scores)
                return (taken, queues.isStopping)
            }
            if next.stopping { return }
            if next.0.isEmpty, sampler.isIdle {
                wake.wait()
                continue
            }
            for operation in next.0.operations { operation(workspace) }
            if !next.0.scores.isEmpty { sampler.score(next.0.scores) }
            if !next.0.samples.isEmpty { sampler.admit(next.0.samples) }
            sampler.step()
        }
    }
}

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
        let scorer: Scorer
    }

    private struct Queues {
        var operations: [@Sendable (Workspace) -> Void] = []
        var samples: [SampleRequest] = []
        var scores: [ScoreRequest] = []
        var isStopping = false

        var isEmpty: Bool { operations.isEmpty && samples.isEmpty && scores.isEmpty }
    }

    /// What the thread shares with whoever gives it work. The thread holds this and not the scheduler, so that the scheduler goes
    /// when the last client does.
    private final class Inbox: Sendable {
        let queues = Mutex(Queues())
        let wake = DispatchSemaphore(value: 0)
    }

    private let inbox = Inbox()

    /// Starts the thread.
    init(model: BaseModel, threads: Int, memoryBudget: MemoryBudget) throws {
        let pool = try ThreadPool(threads: threads)
        let thread = Thread { [inbox] in
            Self.run(
                inbox,
                Workspace(
                    pool: pool, learner: Learner(model: model, pool: pool, memoryBudget: memoryBudget),
                    sampler: Sampler(model: model, pool: pool),
                    scorer: Scorer(model: model, pool: pool, memoryBudget: memoryBudget)))
        }
        thread.name = "engine"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// The thread ends when all that was asked of it is done.
    deinit { put { $0.isStopping = true } }

    func submit(_ operation: @escaping @Sendable (Workspace) -> Void) { put { $0.operations.append(operation) } }

    func submit(_ request: SampleRequest) { put { $0.samples.append(request) } }

    func submit(_ request: ScoreRequest) { put { $0.scores.append(request) } }

    private func put(_ change: (inout Queues) -> Void) {
        inbox.queues.withLock { change(&$0) }
        inbox.wake.signal()
    }

    private static func run(_ inbox: Inbox, _ workspace: Workspace) {
        let sampler = workspace.sampler
        while true {
            let next = inbox.queues.withLock { queues -> (Queues, stopping: Bool) in
                var taken = Queues()
                if !queues.operations.isEmpty { taken.operations = [queues.operations.removeFirst()] }
                if sampler.hasRoom { swap(&taken.samples, &queues.samples) }
                swap(&taken.scores, &queues.scores)
                return (taken, queues.isStopping)
            }
            if next.0.isEmpty, sampler.isIdle {
                if next.stopping { return }
                inbox.wake.wait()
                continue
            }
            for operation in next.0.operations { operation(workspace) }
            if !next.0.scores.isEmpty { workspace.scorer.score(next.0.scores) }
            if !next.0.samples.isEmpty { sampler.admit(next.0.samples) }
            sampler.step()
        }
    }
}

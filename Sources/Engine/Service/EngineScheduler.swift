import Dispatch
import Foundation
import Synchronization
import TrainingAPI

/// The engine's own thread. Where both training and sampling have something to do, each gets half of the time, in turns of one
/// operation of training or one step of sampling; when there is nothing to do the thread sleeps.
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
    init(model: BaseModel, threads: Int, memoryBudget: MemoryBudget, limits: SamplerLimits) throws {
        let pool = try ThreadPool(threads: threads)
        let thread = Thread { [inbox] in
            Self.run(
                inbox,
                Workspace(
                    pool: pool, learner: Learner(model: model, pool: pool, memoryBudget: memoryBudget),
                    sampler: Sampler(model: model, pool: pool, limits: limits),
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
        let clock = ContinuousClock()
        // The time that training has had more than sampling while both wanted it.
        var lead = Duration.zero
        while true {
            let (next, isStopping) = inbox.queues.withLock { queues -> (Queues, Bool) in
                var taken = Queues()
                swap(&taken.samples, &queues.samples)
                swap(&taken.scores, &queues.scores)
                let isSampling = !taken.samples.isEmpty || !taken.scores.isEmpty || !sampler.isIdle
                if !isSampling || queues.operations.isEmpty { lead = .zero }
                if !queues.operations.isEmpty, lead <= .zero { taken.operations = [queues.operations.removeFirst()] }
                return (taken, queues.isStopping)
            }
            for request in next.samples { sampler.add(request) }
            if next.isEmpty, sampler.isIdle {
                if isStopping { return }
                sampler.tidy()
                inbox.wake.wait()
                continue
            }
            for operation in next.operations { lead += clock.measure { operation(workspace) } }
            if next.operations.isEmpty || !next.scores.isEmpty {
                lead -= clock.measure {
                    if !next.scores.isEmpty { workspace.scorer.score(next.scores) }
                    sampler.step()
                }
            }
        }
    }
}

/// Which rows each step of a run sees.
public struct StepPlan: Sendable, Equatable {
    /// The order of the rows in each epoch.
    public let batches: BatchPlan
    /// The number of steps in the run.
    public let totalSteps: Int

    /// A plan over rows that `what` names in errors. Throws `emptyDataset`, `batchLargerThanData`, or `usage` for a
    /// count below 1.
    public init(rows: Int, batchSize: Int, settings: RunSettings, what: String) throws(CookbookError) {
        batches = try BatchPlan(
            rows: rows, batchSize: batchSize, seed: settings.seed, lastBatch: .drop, what: what)
        guard settings.numEpochs > 0 else {
            throw .usage("num_epochs is \(settings.numEpochs), but must be at least 1")
        }
        if let maxSteps = settings.maxSteps, maxSteps < 1 {
            throw .usage("max_steps is \(maxSteps), but must be at least 1")
        }
        totalSteps = min(batches.batchesPerEpoch * settings.numEpochs, settings.maxSteps ?? Int.max)
    }

    /// The epoch of a step.
    public func epoch(step: Int) -> Int { step / batches.batchesPerEpoch }

    /// The rows of a step's batch.
    public func rows(step: Int) -> [Int] {
        batches.batch(step % batches.batchesPerEpoch, epoch: epoch(step: step))
    }

    /// What a user should know before the run starts: rows that sit out, or steps that cannot be reached.
    func notes(maxSteps: Int?) -> [String] {
        var notes = batches.note.map { [$0] } ?? []
        if let maxSteps, maxSteps > totalSteps {
            notes.append("max_steps is \(maxSteps), but the data end after \(totalSteps) steps; raise num_epochs")
        }
        return notes
    }
}

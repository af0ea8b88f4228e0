import TrainingAPI

/// What is special about a kind of training; `Run` does the rest: order of steps, evaluation, checkpoints, files,
/// resuming.
protocol Stage: Sendable {
    /// What progress and errors call it.
    var name: String { get }
    /// Which rows each step sees.
    var plan: StepPlan { get }
    /// What is measured before some steps and at the end.
    var evaluators: [any Evaluator] { get }
    /// The metrics that progress shows, the most telling first; those that are never measured are left out.
    var mainMetrics: [String] { get }
    /// How many steps may be on their way before the oldest is awaited.
    var submitAhead: Int { get }
    /// Into how many updates a batch is split.
    var substeps: Int { get }
    /// Recorded with every checkpoint.
    var klReferencePath: String? { get }
    /// Recorded with every checkpoint.
    var dpoReferencePath: String? { get }

    /// Makes the batch of a step, without changing anything: cancelling it loses nothing.
    func batch(_ context: EvaluationContext) async throws -> TrainingBatch
    /// Sends the gradient computation of a part of a batch's datums.
    func forwardBackward(
        _ part: Range<Int>, of batch: TrainingBatch, client: any TrainingClient
    ) -> Future<ForwardBackwardOutput>
    /// What a step measured; `batch.logprobs` are there, and `losses` hold what the service said of each part.
    func metrics(of batch: TrainingBatch, losses: [[String: Double]]) -> [String: Double]
    /// What is measured with the weights after the update.
    func metricsAfterUpdate(of batch: TrainingBatch, client: any TrainingClient) async throws -> [String: Double]
    /// Writes what belongs to a step besides its metrics.
    func write(_ batch: TrainingBatch, to directory: RunDirectory) throws
    /// Called when a checkpoint's record is on disk.
    func didSave(_ record: CheckpointRecord, to directory: RunDirectory) throws
}

extension Stage {
    var submitAhead: Int { 0 }
    var substeps: Int { 1 }
    var klReferencePath: String? { nil }
    var dpoReferencePath: String? { nil }
    func metricsAfterUpdate(of batch: TrainingBatch, client: any TrainingClient) async throws -> [String: Double] {
        [:]
    }
    func write(_ batch: TrainingBatch, to directory: RunDirectory) throws {}
    func didSave(_ record: CheckpointRecord, to directory: RunDirectory) throws {}

    /// Asks all evaluators, and writes what they sampled into the run's folder.
    func evaluate(_ context: EvaluationContext, samplesTo directory: RunDirectory) async throws -> [String: Double] {
        var values: [String: Double] = [:]
        for evaluator in evaluators {
            let evaluation = try await evaluator.evaluate(context)
            values.merge(evaluation.metrics) { $1 }
            guard !evaluation.samples.isEmpty else { continue }
            let lines = try evaluation.samples.map { try JSONLines.line($0) }
            try directory.write(lines: lines, iteration: context.step, name: "eval_\(evaluator.name)_samples.jsonl")
        }
        return values
    }
}

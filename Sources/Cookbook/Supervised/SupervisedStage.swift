import TrainingAPI

/// Conversations as cross-entropy datums.
struct SupervisedStage: Stage {
    let name = "supervised"
    let plan: StepPlan
    let evaluators: [any Evaluator]
    let submitAhead: Int
    private let datums: [Datum]

    var mainMetrics: [String] { ["train_mean_nll"] + evaluators.map { "\($0.name)/nll" } }

    init(
        config: SupervisedConfig, train: [[Message]], test: [[Message]], evaluators: [any Evaluator],
        opening: RunOpening
    ) throws {
        let builder = ConversationDatums(
            renderer: opening.renderer, trainOnWhat: config.trainOnWhat,
            maxLength: min(config.maxLength ?? Int.max, opening.client.maxContextLength), progress: opening.progress)
        datums = try builder.build(train, what: "the training set")
        plan = try StepPlan(
            rows: datums.count, batchSize: config.batchSize, settings: config.run, what: "the training set")
        let testDatums = test.isEmpty ? [] : try builder.build(test, what: "the test set")
        self.evaluators = (testDatums.isEmpty ? [] : [NLLEvaluator(data: testDatums)]) + evaluators
        submitAhead = config.submitAhead
    }

    func batch(_ context: EvaluationContext) async throws -> TrainingBatch {
        TrainingBatch(step: context.step, datums: plan.rows(step: context.step).map { datums[$0] })
    }

    func forwardBackward(
        _ part: Range<Int>, of batch: TrainingBatch, client: any TrainingClient
    ) -> Future<ForwardBackwardOutput> {
        client.forwardBackward(Array(batch.datums[part]), loss: .crossEntropy)
    }

    func metrics(of batch: TrainingBatch, losses: [[String: Double]]) -> [String: Double] {
        let nll = NegativeLogLikelihood(data: batch.datums, logprobs: batch.logprobs)
        return [
            "train_mean_nll": nll.perExample, "train_token_nll": nll.perToken,
            "num_sequences": Double(batch.datums.count),
            "num_tokens": Double(batch.datums.reduce(0) { $0 + $1.modelInput.length }),
            "num_loss_tokens": Double(nll.tokens),
        ]
    }
}

import TrainingAPI

/// Comparisons as pairs of datums of the DPO loss.
struct DPOStage: Stage {
    let name = "dpo"
    let plan: StepPlan
    let evaluators: [any Evaluator]
    let dpoReferencePath: String?
    private let beta: Double
    private let pairs: DPOPairs

    var mainMetrics: [String] { ["dpo_loss", "accuracy", "margin"] + evaluators.map { "\($0.name)/accuracy" } }

    init(
        config: DPOConfig, data: PreferenceData, evaluators: [any Evaluator], opening: RunOpening,
        service: any TrainingService
    ) async throws {
        let renderer = PairRenderer(renderer: opening.renderer)
        func usable(_ rows: [LabeledComparison], what: String) throws -> [LabeledComparison] {
            try rows.usable(
                what: what, maxLength: min(config.maxLength ?? Int.max, opening.client.maxContextLength),
                progress: opening.progress, length: renderer.length
            ).map { rows[$0] }
        }
        let train = try usable(data.train, what: "the comparisons")
        let test = data.test.isEmpty ? [] : try usable(data.test, what: "the test comparisons")
        plan = try StepPlan(
            rows: train.count, batchSize: config.batchSize, settings: config.run, what: "the comparisons")
        // Last, so that bad data leave no weights behind.
        let reference = try await DPOReference(opening, service: service)
        dpoReferencePath = reference.path
        beta = config.dpoBeta
        pairs = DPOPairs(train, renderer: renderer, reference: reference.sampler)
        let tester = DPOEvaluator(pairs: DPOPairs(test, renderer: renderer, reference: reference.sampler), beta: beta)
        self.evaluators = (test.isEmpty ? [] : [tester]) + evaluators
    }

    func batch(_ context: EvaluationContext) async throws -> TrainingBatch {
        let rows = plan.rows(step: context.step)
        let batch = try await pairs.batch(rows)
        return TrainingBatch(
            step: context.step, datums: batch.datums, comparisons: rows.map { pairs.rows[$0] },
            referenceLogprobs: batch.reference)
    }

    func forwardBackward(
        _ part: Range<Int>, of batch: TrainingBatch, client: any TrainingClient
    ) -> Future<ForwardBackwardOutput> {
        client.forwardBackwardCustom(
            Array(batch.datums[part]),
            loss: DPOLoss.customLoss(beta: beta, reference: Array(batch.referenceLogprobs[part])))
    }

    func metrics(of batch: TrainingBatch, losses: [[String: Double]]) -> [String: Double] {
        var metrics: [String: Double] = [
            "num_pairs": Double(batch.comparisons.count),
            "num_tokens": Double(batch.datums.reduce(0) { $0 + $1.modelInput.length }),
        ]
        for name in ["dpo_loss", "accuracy", "margin", "chosen_reward", "rejected_reward"] {
            metrics[name] = losses.first?[name]
        }
        return metrics
    }
}

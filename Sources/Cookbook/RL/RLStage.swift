import Tensors
import TrainingAPI

/// Episodes as datums of a policy-gradient loss.
struct RLStage: Stage {
    let name = "rl"
    let plan: StepPlan
    let evaluators: [any Evaluator]
    let substeps: Int
    let klReferencePath: String?
    private let config: RLConfig
    private let loss: LossFunction
    private let rollouts: Rollouts
    private let reference: (any SamplingClient)?
    /// The rows whose prompts fit the context.
    private let rows: [Int]

    var mainMetrics: [String] {
        ["env/all/reward/total"] + evaluators.map { "win_rate/\($0.name)" }
            + ["kl_policy_base", "optim/kl_sample_train_v1", "optim/entropy"]
    }

    init(
        config: RLConfig, loss: LossFunction, dataset: any RLDataset, test: (any RLDataset)?,
        evaluators: [any Evaluator], opening: RunOpening, service: any TrainingService
    ) async throws {
        self.config = config
        self.loss = loss
        substeps = config.numSubsteps
        rows = try Self.fittingRows(dataset, config: config, opening: opening)
        plan = try StepPlan(
            rows: rows.count, batchSize: dataset.batchSize, settings: config.run, what: "the prompts")
        rollouts = Rollouts(
            dataset: dataset, renderer: opening.renderer, config: config, progress: opening.progress, label: name)
        self.evaluators = (test.map { [RLTestSetEvaluator(dataset: $0, config: config)] } ?? []) + evaluators
        if config.klPenaltyCoef != 0 {
            // Saved once and recorded with each checkpoint: a resumed run is held to the same reference as an
            // uninterrupted one.
            let path: String
            if let known = config.klReferencePath ?? opening.resumed?.klReferencePath {
                path = known
            } else {
                path = try await opening.client.saveWeightsForSampler(name: "kl_reference").value
            }
            klReferencePath = path
            reference = try await service.createSamplingClient(modelPath: path).value
        } else {
            klReferencePath = nil
            reference = nil
        }
    }

    /// The rows whose prompt and reply fit the context; others are left out or refused, as the settings say.
    private static func fittingRows(
        _ dataset: any RLDataset, config: RLConfig, opening: RunOpening
    ) throws -> [Int] {
        let limit = opening.client.maxContextLength
        var tooLong: [(row: Int, length: Int)] = []
        var rows: [Int] = []
        for row in 0..<dataset.count {
            if case .singleTurn(let prompt) = dataset.episode(row: row) {
                let length = try opening.renderer.buildGenerationPrompt(prompt).length
                if length + config.maxTokens > limit {
                    tooLong.append((row, length))
                    continue
                }
            }
            rows.append(row)
        }
        guard let first = tooLong.first else { return rows }
        let message =
            "\(tooLong.count) of \(dataset.count) prompts do not fit the context of \(limit) tokens with a reply of "
            + "\(config.maxTokens); the first is row \(first.row + 1) with \(first.length) tokens"
        guard config.dropLongPrompts, !rows.isEmpty else {
            throw CookbookError.data(
                message, hint: "shorten them, lower max_tokens, or leave them out with drop_long_prompts = true")
        }
        opening.progress.note("rl: \(message); they are left out")
        return rows
    }

    func batch(_ context: EvaluationContext) async throws -> TrainingBatch {
        let sampler = try await context.weights.sampler()
        let outcome = try await rollouts.run(
            rows: plan.rows(step: context.step).map { rows[$0] }, step: context.step, sampler: sampler)
        guard !outcome.groups.isEmpty else {
            throw outcome.failures.first ?? CookbookError.emptyDataset("no group is left in this step")
        }
        var metrics = RolloutMetrics.of(outcome.groups)
        let varied = outcome.groups.filter { !$0.isConstant }
        // Without any difference there is no gradient; the groups stay, so that the step is counted and the metrics
        // are there.
        let kept = config.removeConstantRewardGroups && !varied.isEmpty ? varied : outcome.groups
        metrics["groups/kept"] = Double(kept.count)
        metrics["groups/constant"] = Double(outcome.groups.count - varied.count)
        if config.rolloutErrorTolerance {
            metrics["rollout_errors/groups_skipped"] = Double(outcome.failures.count)
        }
        var data = kept.flatMap { $0.trajectories.flatMap(\.policyDatums) }
        if let reference {
            let logprobs = try await reference.targetLogprobs(of: data.map(\.datum))
            let penalty = KLDivergence.penalty(
                sampled: data.map { $0.datum.lossFnInputs["logprobs"]?.floats ?? [] }, reference: logprobs,
                masks: data.map(\.mask), coefficient: config.klPenaltyCoef, discount: config.klDiscountFactor)
            metrics["kl_policy_base"] = penalty.mean
            for (index, added) in penalty.advantages.enumerated() {
                let old = data[index].datum.lossFnInputs["advantages"]?.floats ?? []
                data[index].datum.lossFnInputs["advantages"] = Tensor(zip(old, added).map { $0 + Float($1) })
            }
        }
        return TrainingBatch(
            step: context.step, datums: data.map(\.datum), groups: outcome.groups, metrics: metrics,
            masks: data.map(\.mask))
    }

    func forwardBackward(
        _ part: Range<Int>, of batch: TrainingBatch, client: any TrainingClient
    ) -> Future<ForwardBackwardOutput> {
        client.forwardBackward(Array(batch.datums[part]), loss: loss)
    }

    func metrics(of batch: TrainingBatch, losses: [[String: Double]]) -> [String: Double] {
        let sampled = batch.datums.map { $0.lossFnInputs["logprobs"]?.floats ?? [] }
        let kl = KLDivergence.estimates(sampled: sampled, other: batch.logprobs, masks: batch.masks)
        return [
            "optim/kl_sample_train_v1": kl.v1, "optim/kl_sample_train_v2": kl.v2, "optim/entropy": kl.entropy,
            "optim/lr": config.run.learningRate
                * config.run.lrSchedule.multiplier(step: batch.step, total: plan.totalSteps),
            "progress/batch": Double(batch.step),
            "progress/done_frac": Double(batch.step + 1) / Double(plan.totalSteps),
            "num_tokens": Double(batch.datums.reduce(0) { $0 + $1.modelInput.length }),
        ]
    }

    func metricsAfterUpdate(of batch: TrainingBatch, client: any TrainingClient) async throws -> [String: Double] {
        guard config.computePostKl else { return [:] }
        let sampler = try await client.saveWeightsAndGetSamplingClient(name: nil).value
        let sampled = batch.datums.map { $0.lossFnInputs["logprobs"]?.floats ?? [] }
        let after = try await sampler.targetLogprobs(of: batch.datums)
        let kl = KLDivergence.estimates(sampled: sampled, other: after, masks: batch.masks)
        return ["kl_pre_post_v1": kl.v1, "kl_pre_post_v2": kl.v2]
    }

    func write(_ batch: TrainingBatch, to directory: RunDirectory) throws {
        try directory.write(
            lines: RolloutFiles.summaries(batch.groups, split: "train", iteration: batch.step), iteration: batch.step,
            name: "train_rollout_summaries.jsonl")
        try directory.write(
            lines: RolloutFiles.samples(batch.groups), iteration: batch.step, name: "train_samples.jsonl")
    }
}

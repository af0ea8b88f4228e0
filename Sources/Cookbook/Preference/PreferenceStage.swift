import Foundation
import Synchronization
import TrainingAPI

/// Comparisons as datums of a preference model of either kind.
final class PreferenceStage: Stage {
    let name = "preference"
    let plan: StepPlan
    let evaluators: [any Evaluator]
    private let config: PreferenceConfig
    private let rows: [LabeledComparison]
    private let comparisons: ComparisonRenderer
    private let replies: ReplyScoreRenderer
    private let index: PreferenceModelIndex?
    private let multipleTargets: Bool
    private let maxLength: Int
    private let tester: PreferenceEvaluator?
    private let card: Mutex<PreferenceModelCard>

    var mainMetrics: [String] {
        [config.kind == .comparator ? "train_mean_nll" : "loss", "pair_accuracy"] + evaluators.map { "\($0.name)/accuracy" }
    }

    init(
        config: PreferenceConfig, data: PreferenceData, evaluators: [any Evaluator], opening: RunOpening,
        index: PreferenceModelIndex?, multipleTargets: Bool
    ) throws {
        self.config = config
        self.index = index
        self.multipleTargets = multipleTargets
        let maxLength = min(config.maxLength ?? Int.max, opening.client.maxContextLength)
        let comparisons = try ComparisonRenderer(opening.renderer)
        let replies = try ReplyScoreRenderer(opening.renderer)
        self.maxLength = maxLength
        self.comparisons = comparisons
        self.replies = replies
        /// The number of tokens of an example, its label's included.
        func length(_ row: LabeledComparison) throws -> Int {
            if config.kind == .comparator { return try comparisons.buildGenerationPrompt(row.comparison).length + 1 }
            let (prompt, a, b) = (row.comparison.promptConversation, row.comparison.completionA, row.comparison.completionB)
            return try max(replies.buildPrompt(prompt + a).length, replies.buildPrompt(prompt + b).length) + 1
        }
        func usable(_ rows: [LabeledComparison], what: String) throws -> [Int] {
            try rows.usable(
                what: what, maxLength: maxLength,
                usesTies: config.kind == .comparator && comparisons.labelTokens[.tie] != nil, progress: opening.progress,
                length: length)
        }
        rows = try usable(data.train, what: "the comparisons").map { data.train[$0] }
        plan = try StepPlan(
            rows: rows.count, batchSize: config.batchSize, settings: config.run, what: "the comparisons")
        if data.test.isEmpty {
            tester = nil
        } else {
            let kept = try usable(data.test, what: "the test comparisons")
            tester = PreferenceEvaluator(
                kind: config.kind, rows: kept.map { data.test[$0] },
                categories: data.testCategories.count == data.test.count ? kept.map { data.testCategories[$0] } : [])
        }
        self.evaluators = (tester.map { [$0] } ?? []) + evaluators
        let existing = opening.resumed == nil ? nil : try PreferenceModelCard.read(opening.directory)
        if let existing, existing.kind != config.kind {
            throw CookbookError.model(
                "the run in \(opening.directory.path) trains a \(existing.kind.rawValue) model",
                hint: "choose another log_path")
        }
        card = Mutex(
            existing
                ?? PreferenceModelCard(
                    kind: config.kind, modelName: opening.client.baseModel, rendererName: opening.renderer.name))
    }

    func batch(_ context: EvaluationContext) async throws -> TrainingBatch {
        let epoch = plan.epoch(step: context.step)
        let shown = plan.rows(step: context.step).flatMap { row -> [LabeledComparison] in
            switch (config.kind, config.swap) {
            case (.comparator, .both): [rows[row], rows[row].swapped]
            case (.comparator, .random): [rows[row].inRandomOrder(seed: config.run.seed, epoch: epoch, row: row)]
            default: [rows[row]]
            }
        }
        let datums = try shown.flatMap { row -> [Datum] in
            if config.kind == .comparator { return [try comparisons.datum(row, maxLength: maxLength)] }
            return try [row.chosen, row.rejected].flatMap { reply -> [Datum] in
                let conversation = row.comparison.promptConversation + (reply ?? [])
                return multipleTargets
                    ? [try replies.datum(conversation, maxLength: maxLength)]
                    : try replies.datumPair(conversation, maxLength: maxLength)
            }
        }
        return TrainingBatch(step: context.step, datums: datums, comparisons: shown)
    }

    func forwardBackward(
        _ part: Range<Int>, of batch: TrainingBatch, client: any TrainingClient
    ) -> Future<ForwardBackwardOutput> {
        let datums = Array(batch.datums[part])
        return config.kind == .comparator
            ? client.forwardBackward(datums, loss: .crossEntropy)
            : client.forwardBackwardCustom(
                datums, loss: BradleyTerryLoss.customLoss(multipleTargets: multipleTargets))
    }

    func metrics(of batch: TrainingBatch, losses: [[String: Double]]) -> [String: Double] {
        var metrics: [String: Double] = [
            "num_pairs": Double(batch.comparisons.count),
            "num_tokens": Double(batch.datums.reduce(0) { $0 + $1.modelInput.length }),
        ]
        if config.kind == .comparator {
            let nll = NegativeLogLikelihood(data: batch.datums, logprobs: batch.logprobs)
            metrics["train_mean_nll"] = nll.perExample
            // Above one half the right label is ahead of every other.
            let right = batch.logprobs.filter { ($0.last ?? -.infinity) > log(0.5) }
            metrics["pair_accuracy"] = Double(right.count) / Double(max(1, batch.logprobs.count))
        } else {
            for name in ["loss", "pair_accuracy", "margin"] { metrics[name] = losses.first?[name] }
        }
        return metrics
    }

    func didSave(_ record: CheckpointRecord, to directory: RunDirectory) throws {
        guard let path = record.samplerPath else { return }
        let report = tester?.report(step: record.nextStep)
        let card = card.withLock { card in
            card.samplerPaths.removeAll { $0 == path }
            card.samplerPaths.append(path)
            card.gates[path] = report.map { config.gate.judge($0, kind: config.kind) }
            return card
        }
        try card.write(directory)
        try index?.add(card.entry(samplerPath: path))
    }
}

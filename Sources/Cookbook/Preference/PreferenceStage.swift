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
        maxLength = min(config.maxLength ?? Int.max, opening.client.maxContextLength)
        comparisons = try ComparisonRenderer(opening.renderer)
        replies = try ReplyScoreRenderer(opening.renderer)
        let builder = (kind: config.kind, comparisons: comparisons, replies: replies, maxLength: maxLength)
        /// The rows that can be used: a winner (or, for a comparator, a tie with a token of its own), and short enough.
        func usable(_ rows: [LabeledComparison], what: String) throws -> [Int] {
            var (kept, ties, long) = ([Int](), 0, 0)
            for (index, row) in rows.enumerated() {
                if row.label == .tie, builder.kind == .bradleyTerry || builder.comparisons.labelTokens[.tie] == nil {
                    ties += 1
                    continue
                }
                let length =
                    try builder.kind == .comparator
                    ? builder.comparisons.buildGenerationPrompt(row.comparison).length
                    : max(
                        builder.replies.buildPrompt(row.comparison.promptConversation + row.comparison.completionA)
                            .length,
                        builder.replies.buildPrompt(row.comparison.promptConversation + row.comparison.completionB)
                            .length)
                if length + 1 > builder.maxLength { long += 1 } else { kept.append(index) }
            }
            if ties > 0 { opening.progress.note("\(what): \(ties) ties are left out") }
            if long > 0 { opening.progress.note("\(what): \(long) rows over \(builder.maxLength) tokens are left out") }
            guard !kept.isEmpty else {
                throw CookbookError.emptyDataset(
                    "no row of \(what) can be used: \(ties) ties, \(long) over \(builder.maxLength) tokens")
            }
            return kept
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

    func forwardBackward(_ datums: [Datum], client: any TrainingClient) -> Future<ForwardBackwardOutput> {
        config.kind == .comparator
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

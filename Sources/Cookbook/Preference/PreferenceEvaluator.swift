import Synchronization

/// Measures the preference model that a run's weights make, on all test rows in both orders.
public final class PreferenceEvaluator: Evaluator {
    /// The prefix of its metrics.
    public let name: String
    private let kind: PreferenceModelKind
    private let rows: [LabeledComparison]
    private let categories: [String?]
    private let latest = Mutex<(step: Int, report: PreferenceReport)?>(nil)

    /// An evaluator of a kind of model on labelled rows.
    public init(
        name: String = "test", kind: PreferenceModelKind, rows: [LabeledComparison], categories: [String?] = []
    ) {
        self.name = name
        self.kind = kind
        self.rows = rows
        self.categories = categories
    }

    /// Scores the rows with a snapshot of the weights.
    public func evaluate(_ context: EvaluationContext) async throws -> Evaluation {
        let model = try TrainedPreferenceModel(
            kind: kind, sampler: try await context.weights.sampler(), renderer: context.renderer)
        let report = try await model.evaluate(rows, categories: categories) { done in
            context.progress.report(
                StageProgress(stage: "evaluation: \(name)", done: done, total: rows.count, unit: "row"))
        }
        latest.withLock { $0 = (context.step, report) }
        return Evaluation(metrics: report.metrics(prefix: name))
    }

    /// The last report, if it is of these weights.
    func report(step: Int) -> PreferenceReport? {
        latest.withLock { $0?.step == step ? $0?.report : nil }
    }
}

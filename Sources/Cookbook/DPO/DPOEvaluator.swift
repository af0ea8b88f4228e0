import Tensors
import TrainingAPI

/// Measures on all held-out comparisons how far the policy prefers the chosen replies, against the reference: `test/accuracy`,
/// `test/margin` and the other means of the pairs, and the negative log-likelihood of all replies.
struct DPOEvaluator: Evaluator {
    let name = "test"
    let pairs: DPOPairs
    let beta: Double
    /// Enough for the service to work on at once, few enough to show progress.
    private static let portion = 8

    /// Runs the pairs forward.
    func evaluate(_ context: EvaluationContext) async throws -> Evaluation {
        let total = pairs.rows.count
        var whole = DPOPairs.Batch(datums: [], reference: [])
        var logprobs: [[Float]] = []
        func report() {
            context.progress.report(
                StageProgress(stage: "evaluation: \(name)", done: logprobs.count / 2, total: total, unit: "row"))
        }
        report()
        for start in stride(from: 0, to: total, by: Self.portion) {
            try Task.checkCancellation()
            let part = try await pairs.batch(Array(start..<min(start + Self.portion, total)))
            let output = try await context.trainingClient.forward(part.datums, loss: .crossEntropy).value
            logprobs += output.lossFnOutputs.map { $0["logprobs"]?.floats ?? [] }
            whole.datums += part.datums
            whole.reference += part.reference
            report()
        }
        let rewards = try ImplicitRewards(data: whole.datums, logprobs: logprobs, reference: whole.reference, beta: beta)
        let nll = NegativeLogLikelihood(data: whole.datums, logprobs: logprobs)
        var metrics = rewards.metrics
        metrics["nll"] = nll.perExample
        metrics["nll_token"] = nll.perToken
        metrics["pairs"] = Double(total)
        return Evaluation(metrics: Dictionary(uniqueKeysWithValues: metrics.map { ("\(name)/\($0.key)", $0.value) }))
    }
}

import Tensors
public import TrainingAPI

/// Negative log-likelihoods in nats, from datums with `weights` and their targets' logprobs.
public struct NegativeLogLikelihood: Sendable, Equatable {
    /// The mean over examples of each example's mean.
    public let perExample: Double
    /// The mean over all trained tokens.
    public let perToken: Double
    /// The number of trained tokens.
    public let tokens: Int

    /// Sums over datums whose weights are positive where a token is trained; `logprobs` are shaped like the targets.
    public init(data: [Datum], logprobs: [[Float]]) {
        var (exampleSum, examples, tokenSum, tokens) = (0.0, 0, 0.0, 0)
        for (datum, logprobs) in zip(data, logprobs) {
            let weights = datum.lossFnInputs["weights"]?.floats ?? []
            var (sum, total) = (0.0, 0.0)
            for (weight, logprob) in zip(weights, logprobs) where weight > 0 {
                sum -= Double(weight) * Double(logprob)
                total += Double(weight)
                tokenSum -= Double(logprob)
                tokens += 1
            }
            guard total > 0 else { continue }
            exampleSum += sum / total
            examples += 1
        }
        perExample = exampleSum / Double(max(1, examples))
        perToken = tokenSum / Double(max(1, tokens))
        self.tokens = tokens
    }
}

/// The negative log-likelihood of held-out conversations, all of them: `test/nll` is the mean over conversations,
/// `test/nll_token` the mean over tokens.
public struct NLLEvaluator: Evaluator {
    /// The prefix of its metrics.
    public let name: String
    private let data: [Datum]
    /// Enough for the service to work on at once, few enough to show progress.
    private static let portion = 16

    /// An evaluator of cross-entropy datums.
    public init(name: String = "test", data: [Datum]) {
        self.name = name
        self.data = data
    }

    /// Runs the datums forward.
    public func evaluate(_ context: EvaluationContext) async throws -> Evaluation {
        var logprobs: [[Float]] = []
        func report() {
            context.progress.report(
                StageProgress(stage: "evaluation: \(name)", done: logprobs.count, total: data.count, unit: "row"))
        }
        report()
        for start in stride(from: 0, to: data.count, by: Self.portion) {
            let part = Array(data[start..<min(start + Self.portion, data.count)])
            let output = try await context.trainingClient.forward(part, loss: .crossEntropy).value
            logprobs += output.lossFnOutputs.map { $0["logprobs"]?.floats ?? [] }
            report()
        }
        let nll = NegativeLogLikelihood(data: data, logprobs: logprobs)
        return Evaluation(metrics: ["\(name)/nll": nll.perExample, "\(name)/nll_token": nll.perToken])
    }
}

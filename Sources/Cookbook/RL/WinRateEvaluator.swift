import Foundation
public import TrainingAPI

/// How often a judge prefers the policy's reply to another one, asked in both orders: `win_rate/NAME` with its
/// standard error `…/stderr`, and `…/ended_by_stop`, `…/mean_tokens` of the policy's replies (section 5.3).
public actor WinRateEvaluator: Evaluator {
    /// What the policy is compared with.
    public enum Opponent: Sendable {
        /// Given replies, one for each prompt.
        case replies([String])
        /// Another policy, sampled once with the same seeds.
        case policy(any SamplingClient)
    }

    /// What its metrics are named after.
    public nonisolated let name: String
    private let model: any PreferenceModel
    private let prompts: [[Message]]
    private let sampling: ReplySampler
    private var opponent: Opponent

    /// An evaluator on prompts. Throws `usage` when prompts and replies do not pair up, `emptyDataset` without prompts.
    public init(
        name: String, model: any PreferenceModel, prompts: [[Message]], opponent: Opponent, sampling: ReplySampler
    ) throws {
        guard !prompts.isEmpty else { throw CookbookError.emptyDataset("evaluator '\(name)' has no prompts") }
        if case .replies(let replies) = opponent, replies.count != prompts.count {
            throw CookbookError.usage("evaluator '\(name)' has \(prompts.count) prompts but \(replies.count) replies")
        }
        self.name = name
        self.model = model
        self.prompts = prompts
        self.opponent = opponent
        self.sampling = sampling
    }

    /// The share of a win in [0, 1] from the judge's values of (reference, policy) and of (policy, reference).
    public static func share(forward: Double, backward: Double) -> Double { (forward - backward + 2) / 4 }

    /// Samples the policy and asks the judge.
    public func evaluate(_ context: EvaluationContext) async throws -> Evaluation {
        let references = try await references(context)
        let replies = try await sampling.replies(
            to: prompts, sampler: try await context.weights.sampler(), renderer: context.renderer,
            progress: context.progress, label: "evaluation: \(name), replies")
        let comparisons = prompts.indices.map { index in
            Comparison(
                promptConversation: prompts[index], completionA: [.assistant(references[index])],
                completionB: [.assistant(replies[index].text)])
        }
        let values = try await model.compareBothWays(comparisons) { done in
            context.progress.report(
                StageProgress(stage: "evaluation: \(name), judging", done: done, total: prompts.count, unit: "row"))
        }
        let shares = zip(values.forward, values.backward).map { Self.share(forward: $0, backward: $1) }
        let count = Double(shares.count)
        let mean = shares.reduce(0, +) / count
        let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
        let prefix = "win_rate/\(name)"
        return Evaluation(
            metrics: [
                prefix: mean, "\(prefix)/stderr": (variance / count).squareRoot(),
                "\(prefix)/ended_by_stop": Double(replies.filter(\.endedByStop).count) / count,
                "\(prefix)/mean_tokens": Double(replies.reduce(0) { $0 + $1.tokens }) / count,
            ],
            samples: prompts.indices.map { index in
                EvaluationSample(
                    prompt: prompts[index], response: replies[index].text, tokens: replies[index].tokens,
                    endedByStop: replies[index].endedByStop, reference: references[index], score: shares[index])
            })
    }

    private func references(_ context: EvaluationContext) async throws -> [String] {
        switch opponent {
        case .replies(let replies): return replies
        case .policy(let sampler):
            let replies = try await sampling.replies(
                to: prompts, sampler: sampler, renderer: context.renderer, progress: context.progress,
                label: "evaluation: \(name), the opponent's replies"
            ).map(\.text)
            opponent = .replies(replies)
            return replies
        }
    }
}

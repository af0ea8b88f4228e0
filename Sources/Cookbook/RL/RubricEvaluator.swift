import Foundation

/// A measure of replies that no judge has a part in: short, ended by itself, without filler, with a key word of the answer.
public struct RubricEvaluator: Evaluator {
    /// A prompt, and words of which a right reply contains at least one, upper or lower case.
    public struct Item: Sendable, Equatable {
        public var prompt: [Message]
        public var keywords: [String]

        /// A prompt, and its key words if there are any.
        public init(prompt: [Message], keywords: [String] = []) {
            self.prompt = prompt
            self.keywords = keywords
        }
    }

    /// The prefix of its metrics.
    public let name: String
    private let items: [Item]
    private let phrases: [String]
    private let maxReplyTokens: Int
    private let sampling: ReplySampler

    /// An evaluator of prompts; a reply with one of the phrases in it counts as filled.
    public init(
        name: String = "rubric", items: [Item], phrases: [String], maxReplyTokens: Int = 30, sampling: ReplySampler
    ) throws {
        guard !items.isEmpty else { throw CookbookError.emptyDataset("evaluator '\(name)' has no prompts") }
        self.name = name
        self.items = items
        self.phrases = phrases
        self.maxReplyTokens = maxReplyTokens
        self.sampling = sampling
    }

    /// Samples the policy and counts: `rubric/short`, `/ended_by_stop`, `/no_filler`, `/keyword` (of the prompts that have one), `/all`
    /// and `/mean_tokens`.
    public func evaluate(_ context: EvaluationContext) async throws -> Evaluation {
        let replies = try await sampling.replies(
            to: items.map(\.prompt), sampler: try await context.weights.sampler(), renderer: context.renderer
        ) { done in
            context.progress.report(StageProgress(stage: "evaluation: \(name)", done: done, total: items.count))
        }
        let checks = zip(items, replies).map { check($0, $1) }
        func share(_ values: [Bool]) -> Double { Double(values.filter { $0 }.count) / Double(max(1, values.count)) }
        var metrics = [
            "\(name)/short": share(checks.map(\.isShort)), "\(name)/ended_by_stop": share(replies.map(\.endedByStop)),
            "\(name)/no_filler": share(checks.map(\.isPlain)), "\(name)/all": share(checks.map(\.isGood)),
            "\(name)/mean_tokens": Double(replies.reduce(0) { $0 + $1.tokens }) / Double(replies.count),
        ]
        let keywords = checks.compactMap(\.hasKeyword)
        if !keywords.isEmpty { metrics["\(name)/keyword"] = share(keywords) }
        return Evaluation(
            metrics: metrics,
            samples: zip(zip(items, replies), checks).map { pair, check in
                EvaluationSample(
                    prompt: pair.0.prompt, response: pair.1.text, tokens: pair.1.tokens,
                    endedByStop: pair.1.endedByStop, score: check.isGood ? 1 : 0)
            })
    }

    private struct Check {
        var isShort: Bool
        var isPlain: Bool
        var hasKeyword: Bool?
        var isGood: Bool
    }

    private func check(_ item: Item, _ reply: ReplySampler.Reply) -> Check {
        let text = reply.text.lowercased()
        let isShort = reply.tokens <= maxReplyTokens
        let isPlain = !phrases.contains { text.contains($0.lowercased()) }
        let hasKeyword = item.keywords.isEmpty ? nil : item.keywords.contains { text.contains($0.lowercased()) }
        return Check(
            isShort: isShort, isPlain: isPlain, hasKeyword: hasKeyword,
            isGood: isShort && reply.endedByStop && isPlain && (hasKeyword ?? true))
    }
}

/// A measure of replies that no judge has a part in: short, ended by itself, without filler, with a key word of the
/// answer.
public struct RubricEvaluator: Evaluator {
    /// A prompt, and words of which a right reply contains at least one, upper or lower case.
    public struct Item: Sendable, Equatable {
        /// What the policy is asked.
        public var prompt: [Message]
        /// Words of which a right reply contains one; empty if there are none to look for.
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
    private let rubric: Rubric
    private let sampling: ReplySampler

    /// An evaluator of prompts. Throws `emptyDataset` without any.
    public init(name: String = "rubric", items: [Item], rubric: Rubric, sampling: ReplySampler) throws {
        guard !items.isEmpty else { throw CookbookError.emptyDataset("evaluator '\(name)' has no prompts") }
        self.name = name
        self.items = items
        self.rubric = rubric
        self.sampling = sampling
    }

    /// Samples the policy and counts: the shares `rubric/pass`, `/length`, `/not_curt`, `/ended_by_stop`, `/no_filler`
    /// and `/keyword`, and `/mean_tokens`.
    public func evaluate(_ context: EvaluationContext) async throws -> Evaluation {
        let replies = try await sampling.replies(
            to: items.map(\.prompt), sampler: try await context.weights.sampler(), renderer: context.renderer,
            progress: context.progress, label: "evaluation: \(name), replies")
        let checks = zip(items, replies).map { rubric.check($1, keywords: $0.keywords) }
        func share(_ values: [Bool]) -> Double { Double(values.filter { $0 }.count) / Double(max(1, values.count)) }
        return Evaluation(
            metrics: [
                "\(name)/pass": share(checks.map(\.passes)), "\(name)/length": share(checks.map(\.isShort)),
                "\(name)/not_curt": share(checks.map(\.isNotCurt)),
                "\(name)/ended_by_stop": share(checks.map(\.endedByStop)),
                "\(name)/no_filler": share(checks.map(\.isPlain)), "\(name)/keyword": share(checks.map(\.hasKeyword)),
                "\(name)/mean_tokens": Double(replies.reduce(0) { $0 + $1.tokens }) / Double(replies.count),
            ],
            samples: zip(zip(items, replies), checks).map { pair, check in
                EvaluationSample(
                    prompt: pair.0.prompt, response: pair.1.text, tokens: pair.1.tokens,
                    endedByStop: pair.1.endedByStop, score: check.passes ? 1 : 0)
            })
    }
}

/// Questions with answers that can be checked.
public struct ProblemRLDataset: RLDataset {
    /// A question and what is asked of its reply.
    public struct Problem: Sendable {
        /// What the policy is asked.
        public var question: [Message]
        /// Whether a reply holds the right answer.
        public var checkAnswer: @Sendable (String) async throws -> Bool
        /// Whether a reply has the form that was asked for.
        public var checkFormat: @Sendable (String) async throws -> Bool

        /// A question, and checks of a reply's text.
        public init(
            question: [Message], checkAnswer: @escaping @Sendable (String) async throws -> Bool,
            checkFormat: @escaping @Sendable (String) async throws -> Bool = { _ in true }
        ) {
            self.question = question
            self.checkAnswer = checkAnswer
            self.checkFormat = checkFormat
        }
    }

    private let replies: RewardFunctionRLDataset

    /// A data set of problems; the reward is `reward(correct:formatted:coefficient:)`.
    public init(problems: [Problem], groupSize: Int = 4, batchSize: Int = 8, formatCoefficient: Double = 0.1) {
        replies = RewardFunctionRLDataset(
            prompts: problems.map(\.question), groupSize: groupSize, batchSize: batchSize
        ) { request in
            let problem = problems[request.row]
            let isCorrect = try await problem.checkAnswer(request.response)
            let hasFormat = try await problem.checkFormat(request.response)
            let isFormatted = request.endedCleanly && hasFormat
            return EpisodeReward(
                Self.reward(correct: isCorrect, formatted: isFormatted, coefficient: formatCoefficient),
                metrics: ["correct": isCorrect ? 1 : 0])
        }
    }

    /// 1 for a right answer, less the coefficient for a bad format.
    public static func reward(correct: Bool, formatted: Bool, coefficient: Double) -> Double {
        coefficient * (formatted ? 0 : -1) + (correct ? 1 : 0)
    }

    /// The number of problems.
    public var count: Int { replies.count }
    /// The number of problems in a step.
    public var batchSize: Int { replies.batchSize }
    /// The number of replies to each problem.
    public var groupSize: Int { replies.groupSize }
    /// One reply to the question.
    public func episode(row: Int) -> Episode { replies.episode(row: row) }
    /// Checks all replies.
    public func rewards(_ groups: [RolloutGroup]) async throws -> [Result<[EpisodeReward], any Error>] {
        try await replies.rewards(groups)
    }
}

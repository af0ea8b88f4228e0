import TrainingAPI

/// What a reward function is asked.
public struct RewardRequest: Sendable {
    /// The row of the data set, counted from 0: where the script finds what else it knows of the prompt.
    public let row: Int
    /// What the policy was asked.
    public let prompt: [Message]
    /// What it replied, without the stop.
    public let response: String
    /// Whether the reply ended by itself.
    public let endedCleanly: Bool
    /// The reply's length in tokens, the stop included.
    public let tokens: Int
}

/// Prompts whose single replies a function rewards.
public struct RewardFunctionRLDataset: RLDataset {
    /// The reward of a reply.
    public typealias Reward = @Sendable (RewardRequest) async throws -> EpisodeReward

    /// The number of prompts in a step.
    public let batchSize: Int
    /// The number of replies to each prompt.
    public let groupSize: Int
    private let prompts: [[Message]]
    private let formatCoefficient: Double
    private let reward: Reward

    /// The number of prompts.
    public var count: Int { prompts.count }

    /// A data set of prompts and a function. `formatCoefficient` is taken off the reward of a reply that did not end
    /// by itself.
    public init(
        prompts: [[Message]], groupSize: Int = 4, batchSize: Int = 8, formatCoefficient: Double = 0,
        reward: @escaping Reward
    ) {
        self.prompts = prompts
        self.groupSize = groupSize
        self.batchSize = batchSize
        self.formatCoefficient = formatCoefficient
        self.reward = reward
    }

    /// One reply to the prompt.
    public func episode(row: Int) -> Episode { .singleTurn(prompt: prompts[row]) }

    /// Asks the function of all replies at once, so that one that waits does not hold up the others.
    public func rewards(_ groups: [RolloutGroup]) async throws -> [Result<[EpisodeReward], any Error>] {
        try await withThrowingTaskGroup(of: (Int, Int, Result<EpisodeReward, any Error>).self) { tasks in
            for (groupIndex, group) in groups.enumerated() {
                for (sample, trajectory) in group.trajectories.enumerated() {
                    tasks.addTask {
                        (groupIndex, sample, await outcome(of: trajectory, sample: sample, in: group))
                    }
                }
            }
            var outcomes = groups.map { group in
                Array(
                    repeating: Result<EpisodeReward, any Error>.failure(CookbookError.cancelled),
                    count: group.trajectories.count)
            }
            for try await (group, sample, outcome) in tasks { outcomes[group][sample] = outcome }
            return outcomes.map { group in Result { try group.map { try $0.get() } } }
        }
    }

    private func outcome(
        of trajectory: Trajectory, sample: Int, in group: RolloutGroup
    ) async -> Result<EpisodeReward, any Error> {
        do {
            var result = try await reward(
                RewardRequest(
                    row: group.row, prompt: group.prompt, response: trajectory.response,
                    endedCleanly: trajectory.endedCleanly,
                    tokens: trajectory.transitions.reduce(0) { $0 + $1.action.count }))
            guard result.reward.isFinite else { throw RolloutFailure.notFinite(result.reward) }
            let isFormatted = trajectory.endedCleanly
            if !isFormatted { result.reward -= formatCoefficient }
            result.metrics["format"] = isFormatted ? 1 : 0
            return .success(result)
        } catch {
            return .failure(
                RolloutFailure(
                    group: group.index, sample: sample, row: group.row, prompt: group.prompt.last?.content ?? "",
                    underlying: error))
        }
    }
}

public import TrainingAPI

/// One turn of the policy: what it saw, what it drew, what that was worth.
public struct Transition: Sendable {
    /// The tokens the policy saw.
    public var observation: [Int]
    /// The tokens it drew, the stop included.
    public var action: [Int]
    /// Their logprobs when they were drawn.
    public var logprobs: [Float]
    /// Why the service stopped drawing.
    public var stopReason: StopReason
    /// The action as a message.
    public var message: Message
    /// How the renderer read the action's end.
    public var termination: ParseTermination
    /// What the environment gave for this turn.
    public var reward: Double
    /// Whether this was the last turn.
    public var episodeDone: Bool
    /// What the environment or judge measured, by name.
    public var metrics: [String: Double]

    /// A turn.
    public init(
        observation: [Int], action: [Int], logprobs: [Float], stopReason: StopReason, message: Message,
        termination: ParseTermination, reward: Double = 0, episodeDone: Bool = true, metrics: [String: Double] = [:]
    ) {
        self.observation = observation
        self.action = action
        self.logprobs = logprobs
        self.stopReason = stopReason
        self.message = message
        self.termination = termination
        self.reward = reward
        self.episodeDone = episodeDone
        self.metrics = metrics
    }
}

/// One episode of the policy.
public struct Trajectory: Sendable {
    /// The turns in their order.
    public var transitions: [Transition]
    /// What the group's judge added at the end.
    public var finalReward = 0.0
    /// What the environment or judge measured, by name.
    public var metrics: [String: Double] = [:]
    /// How much better this episode was than its group.
    public var advantage = 0.0

    /// An episode that has not been judged yet.
    public init(transitions: [Transition]) { self.transitions = transitions }

    /// The rewards of all turns and the final one.
    public var totalReward: Double { transitions.reduce(finalReward) { $0 + $1.reward } }
    /// The last thing that the policy said.
    public var response: String { transitions.last?.message.content ?? "" }
    /// Whether the last turn ended by itself.
    public var endedCleanly: Bool { transitions.last?.termination.isClean ?? false }
}

/// The episodes that share a prompt and are compared with each other.
public struct RolloutGroup: Sendable {
    /// The place of the group in its step's batch.
    public var index: Int
    /// The row of the data set.
    public var row: Int
    /// The conversation that all episodes begin with; for message environments that of the first episode.
    public var prompt: [Message]
    /// What metrics of the group are grouped by.
    public var tags: [String]
    /// The episodes, judged together.
    public var trajectories: [Trajectory]

    /// A group of episodes.
    public init(index: Int, row: Int, prompt: [Message], tags: [String] = [], trajectories: [Trajectory]) {
        self.index = index
        self.row = row
        self.prompt = prompt
        self.tags = tags
        self.trajectories = trajectories
    }

    /// Whether all rewards are equal, so that the group teaches nothing.
    public var isConstant: Bool { Set(trajectories.map(\.totalReward)).count <= 1 }

    /// Sets each advantage to the reward's distance from the group's mean; it is not divided by the deviation (section
    /// 4.4).
    public mutating func centreAdvantages() {
        let advantages = Self.advantages(trajectories.map(\.totalReward))
        for index in trajectories.indices { trajectories[index].advantage = advantages[index] }
    }

    /// Rewards less their mean; exactly 0 when they are all equal.
    public static func advantages(_ rewards: [Double]) -> [Double] {
        guard let first = rewards.first, rewards.contains(where: { $0 != first }) else { return rewards.map { _ in 0 } }
        let mean = rewards.reduce(0, +) / Double(rewards.count)
        return rewards.map { $0 - mean }
    }
}

/// How the episodes of a group begin and go on.
public enum Episode: Sendable {
    /// The policy replies once; all replies of a group are drawn in one request.
    case singleTurn(prompt: [Message])
    /// The policy converses with an environment; a fresh one is made for each episode.
    case messageEnv(@Sendable () async throws -> any MessageEnv)
}

/// What a group's judge says of one episode.
public struct EpisodeReward: Sendable, Equatable {
    /// What the episode is worth.
    public var reward: Double
    /// What else is worth averaging, by name.
    public var metrics: [String: Double]

    /// A reward, and what else is worth averaging.
    public init(_ reward: Double, metrics: [String: Double] = [:]) {
        self.reward = reward
        self.metrics = metrics
    }
}

/// What RL trains on: rows that episodes begin with, and what the episodes are worth.
public protocol RLDataset: Sendable {
    /// The number of rows.
    var count: Int { get }
    /// The number of rows in a step.
    var batchSize: Int { get }
    /// The number of episodes of each row.
    var groupSize: Int { get }
    /// How the episodes of a row begin.
    func episode(row: Int) -> Episode
    /// What metrics of the row are grouped by.
    func tags(row: Int) -> [String]
    /// For each group, each episode's final reward. All groups of a step come at once, so that a judge can work on
    /// them together; a failure of one group is an element of its own.
    func rewards(_ groups: [RolloutGroup]) async throws -> [Result<[EpisodeReward], any Error>]
    /// Throws when the rewards of this data set may not be trusted, before anything is trained.
    func validate() throws
}

extension RLDataset {
    /// None, unless the data set has some.
    public func tags(row: Int) -> [String] { [] }
    /// Does nothing, unless the data set has something to check.
    public func validate() throws {}
    /// Zeros: all reward comes from the environment.
    public func rewards(_ groups: [RolloutGroup]) async throws -> [Result<[EpisodeReward], any Error>] {
        groups.map { .success($0.trajectories.map { _ in EpisodeReward(0) }) }
    }
}

/// An environment that converses with the policy. Used for one episode.
public protocol MessageEnv: Sendable {
    /// The conversation that the policy replies to first.
    func initialObservation() async throws -> [Message]
    /// What comes of the policy's message.
    func step(_ message: Message) async throws -> MessageStepResult
}

/// What an environment makes of a message.
public struct MessageStepResult: Sendable, Equatable {
    /// What the message is worth.
    public var reward: Double
    /// Whether the conversation is over.
    public var episodeDone: Bool
    /// The whole conversation that the policy sees next.
    public var nextMessages: [Message]
    /// What else is worth averaging.
    public var metrics: [String: Double]

    /// A reward, and how the episode goes on.
    public init(
        reward: Double, episodeDone: Bool, nextMessages: [Message] = [], metrics: [String: Double] = [:]
    ) {
        self.reward = reward
        self.episodeDone = episodeDone
        self.nextMessages = nextMessages
        self.metrics = metrics
    }
}

/// An environment made of two functions: what a script provides.
public struct MessageEnvFunctions: MessageEnv {
    private let initial: @Sendable () async throws -> [Message]
    private let next: @Sendable (Message) async throws -> MessageStepResult

    /// An environment of the functions `initial_observation` and `step`.
    public init(
        initialObservation: @escaping @Sendable () async throws -> [Message],
        step: @escaping @Sendable (Message) async throws -> MessageStepResult
    ) {
        initial = initialObservation
        next = step
    }

    /// Asks the function.
    public func initialObservation() async throws -> [Message] { try await initial() }
    /// Asks the function.
    public func step(_ message: Message) async throws -> MessageStepResult { try await next(message) }
}

/// Rows that are environments: all reward comes from their steps.
public struct MessageEnvRLDataset: RLDataset {
    /// The number of rows.
    public let count: Int
    /// The number of rows in a step.
    public let batchSize: Int
    /// The number of episodes of each row.
    public let groupSize: Int
    private let make: @Sendable (Int) async throws -> any MessageEnv

    /// A data set of a function that makes a fresh environment of a row.
    public init(
        count: Int, batchSize: Int, groupSize: Int,
        make: @escaping @Sendable (_ row: Int) async throws -> any MessageEnv
    ) {
        self.count = count
        self.batchSize = batchSize
        self.groupSize = groupSize
        self.make = make
    }

    /// An environment of the row.
    public func episode(row: Int) -> Episode { .messageEnv { try await make(row) } }
}

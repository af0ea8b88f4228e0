/// Settings of supervised fine-tuning.
public struct SupervisedConfig: Sendable, Equatable, Encodable {
    /// What every runner can be told.
    public var run: RunSettings
    /// The number of conversations in a step.
    public var batchSize: Int
    /// The most tokens of a conversation, cut off on the right; nil means the model's context.
    public var maxLength: Int?
    /// Which tokens carry loss.
    public var trainOnWhat: TrainOnWhat
    /// How many steps may be sent before the oldest has been answered. 0 checks each loss before its update is
    /// applied, so that one that is not finite loses nothing; 1 hides the way to a remote service.
    public var submitAhead: Int

    /// Settings with the Python cookbook's defaults, but for `submitAhead`.
    public init(
        run: RunSettings, batchSize: Int = 32, maxLength: Int? = nil, trainOnWhat: TrainOnWhat = .allAssistantMessages,
        submitAhead: Int = 0
    ) {
        self.run = run
        self.batchSize = batchSize
        self.maxLength = maxLength
        self.trainOnWhat = trainOnWhat
        self.submitAhead = submitAhead
    }

    private enum CodingKeys: String, CodingKey { case batchSize, maxLength, trainOnWhat, submitAhead }

    /// One flat object, as in the Python cookbook's `config.json`.
    public func encode(to encoder: any Encoder) throws {
        try run.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(batchSize, forKey: .batchSize)
        try container.encodeIfPresent(maxLength, forKey: .maxLength)
        try container.encode(trainOnWhat.rawValue, forKey: .trainOnWhat)
        try container.encode(submitAhead, forKey: .submitAhead)
    }
}

/// Settings of preference-model training, for both kinds.
public struct PreferenceConfig: Sendable, Equatable, Encodable {
    /// In which order a comparator sees the two replies of a row.
    public enum Swap: String, Sendable, CaseIterable, Codable {
        /// In one order, drawn from the seed, the epoch and the row.
        case random
        /// In both orders, two examples for each row.
        case both
    }

    /// What every runner can be told.
    public var run: RunSettings
    /// Which kind of model is trained.
    public var kind: PreferenceModelKind
    /// The number of comparisons in a step.
    public var batchSize: Int
    /// The most tokens of an example; longer rows are left out. Nil means the model's context.
    public var maxLength: Int?
    /// The orders that a comparator is trained on.
    public var swap: Swap
    /// What the final weights must reach to serve as a reward.
    public var gate: PreferenceGate

    /// Settings with the Python cookbook's defaults.
    public init(
        run: RunSettings, kind: PreferenceModelKind = .bradleyTerry, batchSize: Int = 32, maxLength: Int? = nil,
        swap: Swap = .random, gate: PreferenceGate = PreferenceGate()
    ) {
        self.run = run
        self.kind = kind
        self.batchSize = batchSize
        self.maxLength = maxLength
        self.swap = swap
        self.gate = gate
    }

    private enum CodingKeys: String, CodingKey { case kind, batchSize, maxLength, swap, gate }

    /// One flat object.
    public func encode(to encoder: any Encoder) throws {
        try run.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(batchSize, forKey: .batchSize)
        try container.encodeIfPresent(maxLength, forKey: .maxLength)
        try container.encode(swap, forKey: .swap)
        try container.encode(gate, forKey: .gate)
    }
}

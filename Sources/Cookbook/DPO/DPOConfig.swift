/// Settings of direct preference optimization.
public struct DPOConfig: Sendable, Equatable, Encodable {
    /// What every runner can be told.
    public var run: RunSettings
    /// The number of comparisons in a step.
    public var batchSize: Int
    /// The most tokens of a prompt with a reply; rows with a longer one are left out. Nil means the model's context.
    public var maxLength: Int?
    /// How strongly the policy is held to the reference: the β of the loss, above 0.
    public var dpoBeta: Double

    /// Settings with the Python cookbook's defaults.
    public init(run: RunSettings, batchSize: Int = 32, maxLength: Int? = nil, dpoBeta: Double = 0.1) {
        self.run = run
        self.batchSize = batchSize
        self.maxLength = maxLength
        self.dpoBeta = dpoBeta
    }

    /// Throws `usage` for a value that no run can work with.
    func validate() throws(CookbookError) {
        guard dpoBeta.isFinite, dpoBeta > 0 else {
            throw .usage(
                "dpo_beta is \(dpoBeta), but must be a number above 0", hint: "0.1 is usual; less lets the policy move further")
        }
    }

    private enum CodingKeys: String, CodingKey { case batchSize, maxLength, dpoBeta }

    /// One flat object.
    public func encode(to encoder: any Encoder) throws {
        try run.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(batchSize, forKey: .batchSize)
        try container.encodeIfPresent(maxLength, forKey: .maxLength)
        try container.encode(dpoBeta, forKey: .dpoBeta)
    }
}

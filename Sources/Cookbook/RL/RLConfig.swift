import TrainingAPI

/// Settings of reinforcement learning.
public struct RLConfig: Sendable, Equatable, Encodable {
    /// What every runner can be told.
    public var run: RunSettings
    /// The most tokens of a reply.
    public var maxTokens: Int
    /// Must be 1: sampled logprobs are those at temperature 1, so ratios at another one would be of two distributions.
    public var temperature = 1.0
    /// `importance_sampling`, `ppo`, `cispo` or `dro`.
    public var lossFn = "importance_sampling"
    /// The loss's own settings, for instance `clip_low_threshold`.
    public var lossFnConfig: [String: Double] = [:]
    /// Into how many updates a batch is split.
    public var numSubsteps = 1
    /// Leaves groups out whose rewards are all equal.
    public var removeConstantRewardGroups = false
    /// How strongly the policy is held to the reference; 0 means not at all.
    public var klPenaltyCoef = 0.0
    /// How far back a token's penalty reaches: 0 means not at all.
    public var klDiscountFactor = 0.0
    /// Sampler weights of the reference; nil takes the policy as it is at the start.
    public var klReferencePath: String?
    /// Measures how far each update moved the policy, at the cost of a forward pass.
    public var computePostKl = false
    /// Leaves groups out whose environment or reward function fails, in place of stopping.
    public var rolloutErrorTolerance = false
    /// Leaves prompts out that do not fit the context with a reply, in place of stopping.
    public var dropLongPrompts = false
    /// What a reply gets that the context or `maxTokens` cut off in a conversation with an environment.
    public var overflowReward = -0.1
    /// What a reply gets in a conversation with an environment when it cannot be read.
    public var parseErrorReward = -1.0

    /// Settings with the Python cookbook's defaults: a constant learning rate.
    public init(run: RunSettings, maxTokens: Int) {
        self.run = run
        self.maxTokens = maxTokens
    }

    /// The loss by name. Throws `unknownLoss`, or `usage` for a loss that needs no sampled logprobs, or another
    /// temperature.
    func loss() throws -> LossFunction {
        let loss = try LossFunction(named: lossFn, config: lossFnConfig)
        guard loss.name.requiredInputs.contains("advantages") else {
            let known = LossFunction.Name.allCases.filter { $0.requiredInputs.contains("advantages") }
            throw CookbookError.usage(
                "loss_fn '\(lossFn)' does not use advantages",
                hint: "choose one of " + known.map(\.rawValue).joined(separator: ", "))
        }
        guard temperature == 1 else {
            throw CookbookError.usage(
                "temperature is \(temperature), but '\(lossFn)' compares probabilities at temperature 1",
                hint: "leave temperature at 1")
        }
        guard maxTokens > 0 else { throw CookbookError.usage("max_tokens is \(maxTokens), but must be at least 1") }
        guard numSubsteps > 0 else {
            throw CookbookError.usage("num_substeps is \(numSubsteps), but must be at least 1")
        }
        return loss
    }

    private enum CodingKeys: String, CodingKey {
        case maxTokens, temperature, lossFn, lossFnConfig, numSubsteps, removeConstantRewardGroups, klPenaltyCoef
        case klDiscountFactor, klReferencePath, computePostKl, rolloutErrorTolerance, dropLongPrompts, overflowReward
        case parseErrorReward
    }

    /// One flat object.
    public func encode(to encoder: any Encoder) throws {
        try run.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(maxTokens, forKey: .maxTokens)
        try container.encode(temperature, forKey: .temperature)
        try container.encode(lossFn, forKey: .lossFn)
        try container.encode(lossFnConfig, forKey: .lossFnConfig)
        try container.encode(numSubsteps, forKey: .numSubsteps)
        try container.encode(removeConstantRewardGroups, forKey: .removeConstantRewardGroups)
        try container.encode(klPenaltyCoef, forKey: .klPenaltyCoef)
        try container.encode(klDiscountFactor, forKey: .klDiscountFactor)
        try container.encodeIfPresent(klReferencePath, forKey: .klReferencePath)
        try container.encode(computePostKl, forKey: .computePostKl)
        try container.encode(rolloutErrorTolerance, forKey: .rolloutErrorTolerance)
        try container.encode(dropLongPrompts, forKey: .dropLongPrompts)
        try container.encode(overflowReward, forKey: .overflowReward)
        try container.encode(parseErrorReward, forKey: .parseErrorReward)
    }
}

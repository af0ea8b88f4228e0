public import TrainingAPI

/// A step's batch: what `run.last` shows.
public struct TrainingBatch: Sendable {
    /// The number of updates that the weights had seen before this step.
    public var step: Int
    /// The examples as they went to the service.
    public var datums: [Datum]
    /// The comparisons behind the datums, in the order in which they were shown to a preference model.
    public var comparisons: [LabeledComparison]
    /// The rollouts behind the datums, with prompts, samples, rewards and advantages.
    public var groups: [RolloutGroup]
    /// What was measured while the batch was made.
    public var metrics: [String: Double]
    /// For each datum, which positions were sampled by the policy (`[N]`); empty outside of RL. Never sent.
    public var masks: [[Float]]
    /// For each datum, the logprob of its whole reply under the reference; empty outside of DPO. Never sent.
    public var referenceLogprobs: [Double]
    /// For each datum, the logprobs of its targets before the update, shaped like them; empty until the step is done.
    public var logprobs: [[Float]]

    /// A batch of examples.
    public init(
        step: Int, datums: [Datum], comparisons: [LabeledComparison] = [], groups: [RolloutGroup] = [],
        metrics: [String: Double] = [:], masks: [[Float]] = [], referenceLogprobs: [Double] = []
    ) {
        self.step = step
        self.datums = datums
        self.comparisons = comparisons
        self.groups = groups
        self.metrics = metrics
        self.masks = masks
        self.referenceLogprobs = referenceLogprobs
        logprobs = []
    }
}

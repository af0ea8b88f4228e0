public import Tensors

/// What a forward pass returns.
public struct ForwardBackwardOutput: Sendable {
    /// For each datum: `logprobs`, shaped like its `target_tokens`.
    public var lossFnOutputs: [[String: Tensor]]
    /// `loss:sum` and whatever else the loss function reports.
    public var metrics: [String: Double]

    /// The outputs by datum and the metrics of the whole call.
    public init(lossFnOutputs: [[String: Tensor]], metrics: [String: Double]) {
        self.lossFnOutputs = lossFnOutputs
        self.metrics = metrics
    }
}

/// What an optimizer step returns.
public struct OptimStepOutput: Sendable {
    /// `grad_norm` (before clipping) and whatever else the optimizer reports.
    public var metrics: [String: Double]

    /// The metrics of the step.
    public init(metrics: [String: Double]) { self.metrics = metrics }
}

/// Why a sampled sequence ended.
public enum StopReason: String, Sendable, Codable {
    /// One of the stop strings or tokens.
    case stop
    /// `maxTokens` or the end of the context.
    case length
}

/// One sampled continuation.
public struct SampledSequence: Sendable, Equatable {
    /// The drawn tokens, the stop included.
    public var tokens: [Int]
    /// For each of them the logprob under the model at temperature 1, with the same bits as a forward pass gives.
    public var logprobs: [Float]
    /// Why it ended.
    public var stopReason: StopReason

    /// A continuation.
    public init(tokens: [Int], logprobs: [Float], stopReason: StopReason) {
        self.tokens = tokens
        self.logprobs = logprobs
        self.stopReason = stopReason
    }
}

/// What a sampling request returns.
public struct SampleResponse: Sendable {
    /// The continuations, in the order of their index.
    public var sequences: [SampledSequence]
    /// The logprob of each prompt token given those before it; nil for the first. Only if asked for.
    public var promptLogprobs: [Float?]?

    /// The continuations, and the prompt's logprobs if asked for.
    public init(sequences: [SampledSequence], promptLogprobs: [Float?]? = nil) {
        self.sequences = sequences
        self.promptLogprobs = promptLogprobs
    }
}

/// What a service can do.
public struct ServerCapabilities: Sendable {
    /// A model on offer.
    public struct SupportedModel: Sendable {
        /// The name that clients are created with.
        public var modelName: String
        /// The most tokens of a sequence.
        public var maxContextLength: Int

        /// A model by name, and its context length.
        public init(modelName: String, maxContextLength: Int) {
            self.modelName = modelName
            self.maxContextLength = maxContextLength
        }
    }

    /// The models on offer.
    public var supportedModels: [SupportedModel]
    /// Names of the losses that `forwardBackward` knows.
    public var supportedLossFunctions: [String]
    /// Whether `target_tokens` may have the shape `[N, K]`.
    public var supportsMultipleTargets: Bool

    /// What a service says of itself.
    public init(supportedModels: [SupportedModel], supportedLossFunctions: [String], supportsMultipleTargets: Bool) {
        self.supportedModels = supportedModels
        self.supportedLossFunctions = supportedLossFunctions
        self.supportsMultipleTargets = supportsMultipleTargets
    }
}

public import Tensors
public import Tokenizers

/// A place where models are trained and sampled: the embedded engine, or a remote service.
public protocol TrainingService: Sendable {
    /// What stands in the session's first line, for instance `embedded engine, 2 threads`.
    var summary: String { get }

    /// What this service can do.
    func serverCapabilities() -> Future<ServerCapabilities>

    /// A fresh adapter over a base model.
    func createLoraTrainingClient(baseModel: String, config: LoraConfig) -> Future<any TrainingClient>

    /// A training client of saved state (`tinker://RUN/weights/NAME`), its optimizer included or fresh.
    func createTrainingClient(fromState path: String, withOptimizer: Bool) -> Future<any TrainingClient>

    /// A sampling client of a base model.
    func createSamplingClient(baseModel: String) -> Future<any SamplingClient>

    /// A sampling client of saved weights (`tinker://RUN/sampler_weights/NAME`).
    func createSamplingClient(modelPath: String) -> Future<any SamplingClient>

    /// What this service keeps; nil if it keeps nothing that could be listed.
    var restClient: (any RestClient)? { get }
}

extension TrainingService {
    /// Nothing.
    public var restClient: (any RestClient)? { nil }
}

/// The verbs of training. Every call is queued at once and returns a future; calls on one client take effect in the order in
/// which they were made, so a step may be sent before the gradients it uses have been computed.
public protocol TrainingClient: Sendable {
    var baseModel: String { get }
    var loraConfig: LoraConfig { get }
    var tokenizer: any Tokenizer { get }
    /// The most tokens of a sequence.
    var maxContextLength: Int { get }

    /// Logprobs of every target and the loss, without gradients.
    func forward(_ data: [Datum], loss: LossFunction) -> Future<ForwardBackwardOutput>

    /// The same, and adds the loss's gradient to what has accumulated since the last step. Targets that cannot contribute (zero
    /// weight, advantage and sampled logprob) may be left out; their logprob is then reported as 0.
    func forwardBackward(_ data: [Datum], loss: LossFunction) -> Future<ForwardBackwardOutput>

    /// Like `forwardBackward` with a loss of the caller's own. Data carry `target_tokens` and `weights` only; give a weight to
    /// every target whose logprob the loss reads, because those of weight 0 may be left out.
    func forwardBackwardCustom(_ data: [Datum], loss: @escaping CustomLoss) -> Future<ForwardBackwardOutput>

    /// Takes one AdamW step with the accumulated gradient and clears it.
    func optimStep(_ params: AdamParams) -> Future<OptimStepOutput>

    /// Saves weights and optimizer; returns `tinker://RUN/weights/NAME`.
    func saveState(name: String) -> Future<String>
    /// Loads weights, and starts a fresh optimizer.
    func loadState(path: String) -> Future<Void>
    /// Loads weights and optimizer.
    func loadStateWithOptimizer(path: String) -> Future<Void>
    /// Saves weights for sampling; returns `tinker://RUN/sampler_weights/NAME`.
    func saveWeightsForSampler(name: String) -> Future<String>
    /// A sampling client of the weights as they are when the calls before this one have taken effect. Without a name nothing is
    /// written to disk.
    func saveWeightsAndGetSamplingClient(name: String?) -> Future<any SamplingClient>
}

/// The verbs of sampling and scoring.
public protocol SamplingClient: Sendable {
    var baseModel: String { get }
    var tokenizer: any Tokenizer { get }
    /// The most tokens of a sequence.
    var maxContextLength: Int { get }

    /// Draws `numSamples` continuations of a prompt.
    func sample(
        prompt: ModelInput, numSamples: Int, params: SamplingParams, includePromptLogprobs: Bool
    ) -> Future<SampleResponse>

    /// The logprob of each token given those before it; nil for the first.
    func computeLogprobs(_ input: ModelInput) -> Future<[Float?]>

    /// At each input's end, the logprobs of candidate next tokens: `[inputs][candidates]`. What judges need; services without it
    /// are asked by `computeLogprobs` of input + candidate.
    func scoreNextTokens(_ inputs: [ModelInput], candidates: [Int]) -> Future<[[Float]]>
}

/// A loss over the logprobs of all targets, for each datum shaped like its `target_tokens`. Returns the scalar loss, the gradient
/// of the loss by each logprob, and metrics. Called outside of the engine's thread.
public typealias CustomLoss = @Sendable (_ data: [Datum], _ logprobs: [Tensor]) async throws -> CustomLossResult

/// What a custom loss returns.
public struct CustomLossResult: Sendable {
    /// The scalar loss.
    public var loss: Double
    /// dLoss/dLogprob, for each datum shaped like its logprobs.
    public var gradients: [Tensor]
    /// Metrics by name.
    public var metrics: [String: Double]

    /// A loss, its gradients and metrics.
    public init(loss: Double, gradients: [Tensor], metrics: [String: Double] = [:]) {
        self.loss = loss
        self.gradients = gradients
        self.metrics = metrics
    }
}

/// What one optimizer step does. Weight decay and clipping are off unless asked for.
public struct AdamParams: Sendable, Equatable, Codable {
    /// The step size.
    public var learningRate: Double
    /// The first moment's decay.
    public var beta1: Double
    /// The second moment's decay.
    public var beta2: Double
    /// Added to the root of the second moment.
    public var eps: Double
    /// Decoupled weight decay: each step first multiplies the weights by `1 - learningRate * weightDecay`.
    public var weightDecay: Double
    /// The largest global L2 norm of the gradient; 0 means no clipping.
    public var gradClipNorm: Double

    /// Defaults are the Tinker SDK's.
    public init(
        learningRate: Double = 1e-4, beta1: Double = 0.9, beta2: Double = 0.95, eps: Double = 1e-12,
        weightDecay: Double = 0, gradClipNorm: Double = 0
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.weightDecay = weightDecay
        self.gradClipNorm = gradClipNorm
    }
}

/// How tokens are drawn.
public struct SamplingParams: Sendable, Equatable {
    /// The most tokens to draw; nil draws until the context is full.
    public var maxTokens: Int?
    /// Divides the logits; 0 takes the likeliest token.
    public var temperature: Double
    /// Keeps the smallest set of likeliest tokens whose probability reaches this.
    public var topP: Double
    /// Keeps this many likeliest tokens; -1 keeps all.
    public var topK: Int
    /// Ends a sequence right after one of these strings or tokens.
    public var stop: StopCondition
    /// The random numbers' seed; nil takes a fresh one. Sample i of position t depends on (seed, i, t) alone.
    public var seed: Int?

    /// Defaults are the Tinker SDK's.
    public init(
        maxTokens: Int? = nil, temperature: Double = 1, topP: Double = 1, topK: Int = -1, stop: StopCondition = .none,
        seed: Int? = nil
    ) {
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.stop = stop
        self.seed = seed
    }
}

/// What ends a sampled sequence early. The stop itself is part of the returned tokens.
public enum StopCondition: Sendable, Equatable {
    case none
    case strings([String])
    case tokens([Int])
}

/// What a LoRA adapter is made of. Alpha is fixed to 32, as in the Tinker API.
public struct LoraConfig: Sendable, Equatable, Codable {
    /// The inner width of the adapter.
    public var rank: Int
    /// Initialises the A matrices; nil takes a fresh one.
    public var seed: Int?
    /// Whether the MLP is adapted.
    public var trainMlp: Bool
    /// Whether attention is adapted.
    public var trainAttn: Bool
    /// Whether the unembedding is adapted.
    public var trainUnembed: Bool

    /// The scale of the low-rank update is `alpha / rank`.
    public static let alpha: Double = 32

    /// Defaults are the Tinker SDK's.
    public init(
        rank: Int = 32, seed: Int? = nil, trainMlp: Bool = true, trainAttn: Bool = true, trainUnembed: Bool = true
    ) {
        self.rank = rank
        self.seed = seed
        self.trainMlp = trainMlp
        self.trainAttn = trainAttn
        self.trainUnembed = trainUnembed
    }
}

extension LoraConfig {
    /// For messages: `rank 16 on attention and MLP`.
    public var summary: String {
        let targets = [(trainAttn, "attention"), (trainMlp, "MLP"), (trainUnembed, "unembedding")].filter(\.0).map(\.1)
        return "rank \(rank) on " + targets.joined(separator: " and ")
    }
}

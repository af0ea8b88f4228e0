import Synchronization
public import TrainingAPI

/// What an evaluator looks at.
public struct EvaluationContext: Sendable {
    /// The number of updates that the weights have seen.
    public let step: Int
    /// The run's training client, to be asked for `forward` only.
    public let trainingClient: any TrainingClient
    /// What writes the conversations.
    public let renderer: any Renderer
    /// The weights of this moment to sample with, made when first asked for and shared.
    public let weights: WeightsSnapshot
    /// Where to tell how far the evaluation is.
    public let progress: any ProgressSink
}

/// A sampling client of a training client's weights, made when first asked for.
public final class WeightsSnapshot: Sendable {
    private let client: any TrainingClient
    private let future = Mutex<Future<any SamplingClient>?>(nil)

    /// A snapshot of the weights as they will be at the first call of `sampler`.
    public init(_ client: any TrainingClient) { self.client = client }

    /// The sampling client; the same at every call.
    public func sampler() async throws -> any SamplingClient {
        try await future.withLock { future in
            if let future { return future }
            let made = client.saveWeightsAndGetSamplingClient(name: nil)
            future = made
            return made
        }.value
    }
}

/// What an evaluator found.
public struct Evaluation: Sendable {
    /// Values by their full names, the evaluator's prefix included.
    public var metrics: [String: Double]
    /// What was sampled, one JSON object each, for the run's folder.
    public var samples: [EvaluationSample]

    /// Metrics, and the samples they were computed from.
    public init(metrics: [String: Double], samples: [EvaluationSample] = []) {
        self.metrics = metrics
        self.samples = samples
    }
}

/// A reply that was sampled for an evaluation.
public struct EvaluationSample: Sendable, Equatable, Codable {
    /// What the policy was asked.
    public var prompt: [Message]
    /// The reply's text.
    public var response: String
    /// The reply's length, the stop included.
    public var tokens: Int
    /// Whether the reply ended by itself.
    public var endedByStop: Bool
    /// What the reply was compared with, if with something.
    public var reference: String?
    /// The evaluator's verdict, for instance 1 for a win.
    public var score: Double?

    /// A reply and what was made of it.
    public init(
        prompt: [Message], response: String, tokens: Int, endedByStop: Bool, reference: String? = nil,
        score: Double? = nil
    ) {
        self.prompt = prompt
        self.response = response
        self.tokens = tokens
        self.endedByStop = endedByStop
        self.reference = reference
        self.score = score
    }
}

/// A measure of the weights, taken before some steps and of the final weights.
public protocol Evaluator: Sendable {
    /// What files of its samples are named after.
    var name: String { get }
    /// Measures the weights without changing anything.
    func evaluate(_ context: EvaluationContext) async throws -> Evaluation
}

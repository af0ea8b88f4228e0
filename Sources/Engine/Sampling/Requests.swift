import Tokenizers
import TrainingAPI

/// A request for continuations of one prompt.
final class SampleRequest: Sendable {
    let prompt: [Int]
    let samples: Int
    let params: SamplingParams
    let includePromptLogprobs: Bool
    let seed: Int
    /// Who asks: clients are served in turn.
    let client: ObjectIdentifier
    let adapter: Adapter?
    let tokenizer: any Tokenizer
    let future: Future<SampleResponse>
    /// The matcher of its stops before the first token.
    let stops: StopMatcher

    init(
        prompt: [Int], samples: Int, params: SamplingParams, includePromptLogprobs: Bool,
        client: ObjectIdentifier, adapter: Adapter?, tokenizer: any Tokenizer, future: Future<SampleResponse>
    ) {
        self.prompt = prompt
        self.samples = samples
        self.params = params
        self.includePromptLogprobs = includePromptLogprobs
        self.client = client
        self.adapter = adapter
        self.tokenizer = tokenizer
        self.future = future
        stops = StopMatcher(params.stop)
        seed = params.seed ?? Int.random(in: 0...Int.max)
    }

    /// Passes have at most this many rows.
    static let rowsPerPass = 512

    /// How many tokens a sample may have.
    func mostTokens(contextLength: Int) -> Int {
        let room = contextLength - prompt.count
        return min(params.maxTokens ?? room, room)
    }
}

/// A request for the logprobs of tokens at places of given inputs.
final class ScoreRequest: Sendable {
    struct Item: Sendable {
        let tokens: [Int]
        /// Positions and the tokens whose logprobs are wanted there.
        let wanted: [(position: Int, targets: [Int])]
    }

    let items: [Item]
    let adapter: Adapter?
    let future: Future<[[[Float]]]>

    init(items: [Item], adapter: Adapter?, future: Future<[[[Float]]]>) {
        self.items = items
        self.adapter = adapter
        self.future = future
    }
}

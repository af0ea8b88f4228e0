import Tokenizers
import TrainingAPI

/// A request for continuations of one prompt.
final class SampleRequest: Sendable {
    let prompt: [Int]
    let samples: Int
    let params: SamplingParams
    let includePromptLogprobs: Bool
    let seed: Int
    let adapter: Adapter?
    let tokenizer: any Tokenizer
    let future: Future<SampleResponse>

    init(
        prompt: [Int], samples: Int, params: SamplingParams, includePromptLogprobs: Bool, adapter: Adapter?,
        tokenizer: any Tokenizer, future: Future<SampleResponse>
    ) {
        self.prompt = prompt
        self.samples = samples
        self.params = params
        self.includePromptLogprobs = includePromptLogprobs
        self.adapter = adapter
        self.tokenizer = tokenizer
        self.future = future
        seed = params.seed ?? Int.random(in: 0...Int.max)
    }

    /// Prompts are computed in passes of at most this many rows; each pass fills one block.
    static let rowsPerPass = 512
    var promptBlockCount: Int { (prompt.count + Self.rowsPerPass - 1) / Self.rowsPerPass }
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

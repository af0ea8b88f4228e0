import TrainingAPI

/// A request and what has been sampled of it so far.
final class SampleProgress {
    let request: SampleRequest
    /// The logprob of each prompt token computed so far, beginning with nil for the first; nil if nobody wants them.
    private(set) var promptLogprobs: [Float?]?
    private var results: [SampledSequence?]
    private var missing: Int

    init(_ request: SampleRequest) {
        self.request = request
        results = Array(repeating: nil, count: request.samples)
        missing = request.samples
        promptLogprobs = request.includePromptLogprobs ? [nil] : nil
    }

    /// How many positions of a sequence of so many tokens may come from the cache: all but the last, whose hidden state the next
    /// token is drawn from, and none whose logprobs are still to be computed.
    func reusable(of tokens: Int) -> Int {
        guard let promptLogprobs, promptLogprobs.count < request.prompt.count else { return tokens - 1 }
        return promptLogprobs.count - 1
    }

    /// Of a pass over some positions of the prompt, those at which logprobs are still to be read.
    func wanted(of positions: Range<Int>) -> Range<Int> {
        guard let promptLogprobs else { return positions.lowerBound..<positions.lowerBound }
        let first = max(positions.lowerBound, promptLogprobs.count - 1)
        return first..<max(first, min(positions.upperBound, request.prompt.count - 1))
    }

    func add(promptLogprobs values: some Sequence<Float>) { promptLogprobs?.append(contentsOf: values.map { $0 }) }

    /// Keeps a finished sample, and answers the request if it was the last.
    func finish(_ index: Int, _ result: SampledSequence) {
        results[index] = result
        missing -= 1
        guard missing == 0 else { return }
        request.future.resolve(
            .success(SampleResponse(sequences: results.compactMap(\.self), promptLogprobs: promptLogprobs)))
    }
}

public import TrainingAPI

extension Wire.SamplingParams {
    /// Parameters as they are sent. No stop is sent as an empty list, because null would stop at the end of text.
    public init(_ params: SamplingParams) {
        let stop: Wire.Stop =
            switch params.stop {
            case .none: .tokens([])
            case .strings(let texts): .strings(texts)
            case .tokens(let tokens): .tokens(tokens)
            }
        self.init(
            maxTokens: params.maxTokens, seed: params.seed, stop: stop, temperature: params.temperature,
            topK: params.topK, topP: params.topP)
    }
}

extension SamplingParams {
    /// The parameters. Where nothing is said about stops, the model's end-of-text tokens are.
    public init(_ params: Wire.SamplingParams, endOfText: [Int]) {
        let stop: StopCondition =
            switch params.stop {
            case .endOfText: endOfText.isEmpty ? .none : .tokens(endOfText)
            case .string(let text): .strings([text])
            case .strings(let texts): .strings(texts)
            case .tokens(let tokens): tokens.isEmpty ? .none : .tokens(tokens)
            }
        self.init(
            maxTokens: params.maxTokens, temperature: params.temperature, topP: params.topP, topK: params.topK,
            stop: stop, seed: params.seed)
    }
}

extension Wire.SampleResponse {
    /// A response as it is sent.
    public init(_ response: SampleResponse) {
        self.init(
            sequences: response.sequences.map {
                Wire.SampledSequence(tokens: $0.tokens, logprobs: $0.logprobs, stopReason: $0.stopReason)
            },
            promptLogprobs: response.promptLogprobs)
    }
}

extension SampleResponse {
    /// The response to a prompt of this length. SkyRL's missing logprob of the first token is filled in. Throws `missing` and
    /// `unexpected` if logprobs are not as many as tokens.
    public init(_ response: Wire.SampleResponse, promptLength: Int) throws(WireError) {
        var sequences: [SampledSequence] = []
        for (index, sequence) in response.sequences.enumerated() {
            let path = "sequences[\(index)].logprobs"
            guard let logprobs = sequence.logprobs else { throw .missing(path: path) }
            try Self.expect(sequence.tokens.count, logprobs.count, path)
            sequences.append(
                SampledSequence(tokens: sequence.tokens, logprobs: logprobs, stopReason: sequence.stopReason))
        }
        var prompt = response.promptLogprobs
        if let given = prompt {
            if given.count == promptLength - 1 { prompt = [nil] + given }
            try Self.expect(promptLength, prompt?.count ?? 0, "prompt_logprobs")
        }
        self.init(sequences: sequences, promptLogprobs: prompt)
    }

    private static func expect(_ expected: Int, _ found: Int, _ path: String) throws(WireError) {
        guard found == expected else {
            throw .unexpected(path: path, expected: "\(expected) logprobs", found: "\(found)")
        }
    }
}

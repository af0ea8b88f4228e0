package import Tokenizers
package import TrainingAPI

/// The sampling verbs on the embedded engine, for one set of weights.
package final class EngineSamplingClient: SamplingClient {
    private let model: BaseModel
    private let scheduler: EngineScheduler
    private let adapter: Adapter?

    init(model: BaseModel, scheduler: EngineScheduler, adapter: Adapter?) {
        self.model = model
        self.scheduler = scheduler
        self.adapter = adapter
    }

    package var baseModel: String { model.name }
    package var tokenizer: any Tokenizer { model.tokenizer }
    package var maxContextLength: Int { model.shape.contextLength }

    package func sample(
        prompt: ModelInput, numSamples: Int, params: SamplingParams, includePromptLogprobs: Bool
    ) -> Future<SampleResponse> {
        do {
            try validate(prompt.tokens, what: "the prompt")
            try params.validate(numSamples: numSamples, promptLength: prompt.length, contextLength: maxContextLength)
        } catch {
            return Future(.failure(error))
        }
        let request = SampleRequest(
            prompt: prompt.tokens, samples: numSamples, params: params, includePromptLogprobs: includePromptLogprobs,
            client: ObjectIdentifier(self), adapter: adapter, tokenizer: model.tokenizer, future: Future())
        scheduler.submit(request)
        return request.future
    }

    /// What the sampler of this client's engine has done and holds now.
    package var statistics: Future<SamplerStatistics> {
        let future = Future<SamplerStatistics>()
        scheduler.submit { workspace in future.resolve(.success(workspace.sampler.statistics)) }
        return future
    }

    package func computeLogprobs(_ input: ModelInput) -> Future<[Float?]> {
        let wanted = input.tokens.indices.dropLast().map { (position: $0, targets: [input.tokens[$0 + 1]]) }
        return score([ScoreRequest.Item(tokens: input.tokens, wanted: wanted)]).map { items in
            [nil] + items[0].map { Float?($0[0]) }
        }
    }

    package func scoreNextTokens(_ inputs: [ModelInput], candidates: [Int]) -> Future<[[Float]]> {
        guard !inputs.isEmpty else { return Future(.success([])) }
        for candidate in candidates where candidate < 0 || candidate >= model.shape.vocabulary {
            return Future(
                .failure(TrainingError.tokenOutOfRange(candidate, vocabularySize: model.shape.vocabulary)))
        }
        let items = inputs.map {
            ScoreRequest.Item(tokens: $0.tokens, wanted: [(position: $0.length - 1, targets: candidates)])
        }
        return score(items).map { $0.map { $0[0] } }
    }

    private func score(_ items: [ScoreRequest.Item]) -> Future<[[[Float]]]> {
        do {
            for item in items { try validate(item.tokens, what: "the input") }
        } catch {
            return Future(.failure(error))
        }
        let request = ScoreRequest(items: items, adapter: adapter, future: Future())
        scheduler.submit(request)
        return request.future
    }

    private func validate(_ tokens: [Int], what: String) throws(TrainingError) {
        guard !tokens.isEmpty else { throw .emptyInput(what) }
        guard tokens.count <= maxContextLength else {
            throw .contextExceeded(length: tokens.count, limit: maxContextLength)
        }
        for token in tokens where token < 0 || token >= model.shape.vocabulary {
            throw .tokenOutOfRange(token, vocabularySize: model.shape.vocabulary)
        }
    }
}

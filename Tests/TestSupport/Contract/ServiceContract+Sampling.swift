import Tensors
import Tokenizers
import TrainingAPI

extension ServiceContract {
    static let sampling = [
        ServiceContract(description: "samples repeat from their seed, and without one two requests differ") { subject in
            let client = try await subject.base()
            let prompt = contractTokens(6, seed: 1)
            let params = SamplingParams(maxTokens: 30, stop: .tokens([]), seed: 3)
            let first = try await client.draw(prompt, samples: 3, params)
            try require(subject.agree(try await client.draw(prompt, samples: 3, params), first), "they do not repeat")
            try require(Set(first.sequences.map(\.tokens)).count == 3, "samples of one request are equal")
            let free = SamplingParams(maxTokens: 30, stop: .tokens([]))
            let unseeded = [try await client.draw(prompt, free), try await client.draw(prompt, free)]
            try require(unseeded[0].sequences != unseeded[1].sequences, "requests without a seed are equal")
            return first.numbers
        },
        ServiceContract(description: "a sampled token's logprob has the bits that scoring and training give it") { subject in
            let trainer = try await subject.trained()
            let client = try await trainer.saveWeightsAndGetSamplingClient(name: nil).value
            let prompt = contractTokens(6, seed: 2)
            let response = try await client.draw(
                prompt, SamplingParams(maxTokens: 20, temperature: 0.7, stop: .tokens([]), seed: 3), promptLogprobs: true)
            let sequence = response.sequences[0], whole = prompt + sequence.tokens
            let scored = try await client.computeLogprobs(ModelInput(tokens: whole)).value
            try require(scored.count == whole.count && scored[0] == nil, "not a logprob for each but the first")
            try require(subject.agree(Array(scored[prompt.count...]), sequence.logprobs), "scoring gives other logprobs")
            try require(subject.agree(response.promptLogprobs ?? [], Array(scored[..<prompt.count])), "other logprobs of the prompt")
            let datum = Datum(
                modelInput: ModelInput(tokens: Array(whole.dropLast())),
                lossFnInputs: [
                    "target_tokens": .init(Array(whole.dropFirst())),
                    "weights": .init([Float](repeating: 1, count: whole.count - 1)),
                ])
            let trained = try await trainer.forward([datum], loss: .crossEntropy).value.logprobs[0]
            try require(subject.agree(Array(scored.dropFirst()), trained), "training gives other logprobs")
            return response.numbers + trained.map(Double.init)
        },
        ServiceContract(description: "stop tokens and stop strings end a sample and belong to it") { subject in
            let client = try await subject.base()
            let prompt = contractTokens(4, seed: 1)
            let whole = try await client.draw(prompt, SamplingParams(maxTokens: 60, stop: .tokens([]), seed: 2)).sequences[0]
            try require(whole.tokens.count == 60 && whole.stopReason == .length, "max_tokens does not end it")
            let token = whole.tokens[20]
            let end = (whole.tokens.firstIndex(of: token) ?? 0) + 1
            let stopped = try await client.draw(prompt, SamplingParams(maxTokens: 60, stop: .tokens([token]), seed: 2)).sequences[0]
            try require(stopped.tokens == Array(whole.tokens[..<end]) && stopped.stopReason == .stop, "a stop token")
            let texts = whole.tokens.map { client.tokenizer.decodeBytes([$0]) }
            // A token of one letter, which a text in Lua or JSON can hold.
            guard let place = texts.firstIndex(where: { $0.count == 1 && (97...122).contains($0[0]) }) else {
                throw ContractViolation(description: "no letter was sampled")
            }
            let text = String(decoding: texts[place], as: UTF8.self)
            let first = texts.firstIndex { $0.contains(texts[place][0]) } ?? 0
            let cut = try await client.draw(prompt, SamplingParams(maxTokens: 60, stop: .strings([text]), seed: 2)).sequences[0]
            try require(cut.tokens == Array(whole.tokens[...first]) && cut.stopReason == .stop, "a stop string")
            return [Double(end), Double(first)] + cut.tokens.map(Double.init)
        },
        ServiceContract(description: "temperature 0 and top_k 1 take the likeliest token, and top_p narrows") { subject in
            let client = try await subject.base()
            let prompt = contractTokens(6, seed: 4)
            let greedy = try await client.draw(prompt, SamplingParams(maxTokens: 20, temperature: 0, stop: .tokens([])))
            let narrow = try await client.draw(prompt, SamplingParams(maxTokens: 20, topK: 1, stop: .tokens([]), seed: 5))
            let nucleus = try await client.draw(prompt, SamplingParams(maxTokens: 20, topP: 1e-6, stop: .tokens([]), seed: 6))
            try require(subject.agree(greedy, narrow), "top_k 1 is not greedy")
            try require(subject.agree(greedy, nucleus), "a tiny top_p is not greedy")
            let scores = try await client.scoreNextTokens([ModelInput(tokens: prompt)], candidates: Array(0..<contractVocabulary)).value
            try require(
                subject.agree([scores[0].max()], [scores[0][greedy.sequences[0].tokens[0]]]),
                "the first token is not the likeliest")
            return greedy.numbers
        },
        ServiceContract(description: "scores of next tokens are the logprobs of input and candidate") { subject in
            let client = try await subject.base()
            let inputs = [contractTokens(3, seed: 1), contractTokens(9, seed: 2)].map { ModelInput(tokens: $0) }
            let scores = try await client.scoreNextTokens(inputs, candidates: [5, 6, 200]).value
            for (input, row) in zip(inputs, scores) {
                for (candidate, score) in zip([5, 6, 200], row) {
                    let logprobs = try await client.computeLogprobs(input.appending([candidate])).value
                    try require(
                        subject.agree([logprobs.last ?? nil], [score]), "\(score) instead of \(String(describing: logprobs.last))")
                }
            }
            return scores.joined().map(Double.init)
        },
        ServiceContract(description: "without max_tokens a sample fills the context") { subject in
            let client = try await subject.base()
            let prompt = contractTokens(200, seed: 1), free = SamplingParams(stop: .tokens([]), seed: 1)
            if subject.lacks.contains(.contextLength) {
                try await requireError(.usage, "a sample without max_tokens") { _ = try await client.draw(prompt, free) }
                return []
            }
            let sample = try await client.draw(prompt, free).sequences[0]
            try require(sample.tokens.count == 56 && sample.stopReason == .length, "\(sample.tokens.count) tokens")
            return sample.tokens.map(Double.init)
        },
        ServiceContract(description: "a text that fills the context can be scored") { subject in
            let logprobs = try await subject.base().computeLogprobs(ModelInput(tokens: contractTokens(256, seed: 1))).value
            try require(logprobs.count == 256, "\(logprobs.count) logprobs")
            return logprobs.compactMap { $0.map(Double.init) }
        },
        ServiceContract(description: "a cancelled request ends with that error, and later ones are answered") { subject in
            let client = try await subject.base()
            let prompt = contractTokens(4, seed: 1)
            let long = client.sample(
                prompt: ModelInput(tokens: prompt), numSamples: 50, params: SamplingParams(maxTokens: 250, stop: .tokens([]), seed: 1),
                includePromptLogprobs: false)
            long.cancel()
            try await requireError(.cancelled, "a cancelled request") { _ = try await long.value }
            let trainer = try await subject.trained()
            let pass = trainer.forwardBackward((0..<20).map { .supervised(250, seed: $0) }, loss: .crossEntropy)
            pass.cancel()
            try await requireError(.cancelled, "a cancelled pass") { _ = try await pass.value }
            return try await client.draw(prompt, SamplingParams(maxTokens: 5, seed: 2)).numbers
        },
    ]
}

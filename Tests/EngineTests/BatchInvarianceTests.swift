import Engine
import ModelFiles
import TestSupport
import Testing
import TrainingAPI

extension SerialTests {
    /// The promise of batch invariance (design decision 3), sentence by sentence.
    @Suite("Batch invariance")
    struct BatchInvarianceTests {
        private let tiny: TinyService
        /// Prompts shorter and longer than one pass takes.
        private static let promptLengths = [1, 2, 17, 64, 65, 511, 512, 513, 1100]

        init() throws {
            var model = TinyModel()
            model.contextLength = 1300
            tiny = try TinyService(model)
        }

        /// Sampling params that draw some tokens, with a seed of their own.
        private func params(_ seed: Int, maxTokens: Int = 9) -> SamplingParams {
            SamplingParams(maxTokens: maxTokens, temperature: 0.9, topP: 0.95, seed: seed)
        }

        @Test(
            "a sampled token's logprob has the same bits as in computeLogprobs and forward, for any number of threads")
        func sampledAndScored() async throws {
            let checkpoint = try await tiny.trainedClient().saveState(name: "trained").value
            var expected: [[UInt32]]?
            for threads in [1, 2, 3, 5] {
                let other = TinyService(sharing: tiny, threads: threads)
                let training = try await other.service.createTrainingClient(fromState: checkpoint, withOptimizer: false)
                    .value
                let sampling = try await training.saveWeightsAndGetSamplingClient(name: nil).value
                var all: [[UInt32]] = []
                for length in Self.promptLengths {
                    let prompt = tokens(length, seed: length)
                    let response = try await sampling.draw(prompt, samples: 2, params(length), promptLogprobs: true)
                    for sample in response.sequences {
                        let whole = prompt + sample.tokens
                        let computed = try await sampling.computeLogprobs(ModelInput(tokens: whole)).value
                        let forward = try await training.forward([scoring(whole)], loss: .crossEntropy).value.logprobs()
                        #expect(computed[0] == nil && computed.count == whole.count)
                        #expect(computed.dropFirst().compactMap(\.self).bits == forward.bits)
                        #expect(computed.suffix(sample.tokens.count).compactMap(\.self).bits == sample.logprobs.bits)
                        #expect(computed.prefix(length) == response.promptLogprobs?[...])
                        all.append(forward.bits)
                    }
                }
                #expect(all == expected ?? all)
                expected = all
            }
        }

        @Test("a gradient call reports the same bits as a forward call, whatever data stand beside")
        func trainingAndForward() async throws {
            let client = try await tiny.trainedClient()
            let data = [300, 1, 40, 600, 17, 220, 5].map { supervised(length: $0, seed: $0) }
            let together = try await client.forwardBackward(data, loss: .crossEntropy).value
            for (index, datum) in data.enumerated() {
                let alone = try await client.forward([datum], loss: .crossEntropy).value
                #expect(alone.logprobs().bits == together.logprobs(index).bits)
            }
        }

        @Test("a request gives the same alone and among twenty others of other lengths and adapters")
        func company() async throws {
            let adapters = [
                try await tiny.samplingClient(),
                try await tiny.trainedClient(rank: 3, seed: 1).saveWeightsAndGetSamplingClient(name: nil).value,
                try await tiny.trainedClient(rank: 20, seed: 2).saveWeightsAndGetSamplingClient(name: nil).value,
            ]
            let requests = (0..<21).map { index in
                (
                    client: adapters[index % 3], prompt: tokens(1 + (index * 97) % 700, seed: index),
                    samples: 1 + index % 4
                )
            }
            var alone: [[SampledSequence]] = []
            for (index, request) in requests.enumerated() {
                let response = try await request.client.draw(
                    request.prompt, samples: request.samples, params(index, maxTokens: 5 + index))
                alone.append(response.sequences)
            }
            let scores = requests.map { $0.client.computeLogprobs(ModelInput(tokens: $0.prompt)) }
            let futures = requests.enumerated().map { index, request in
                request.client.sample(
                    prompt: ModelInput(tokens: request.prompt), numSamples: request.samples,
                    params: params(index, maxTokens: 5 + index), includePromptLogprobs: index % 2 == 0)
            }
            for (index, future) in futures.enumerated() {
                let response = try await future.value
                #expect(response.sequences == alone[index])
                let scored = try await scores[index].value
                #expect(index % 2 == 1 ? response.promptLogprobs == nil : response.promptLogprobs == scored)
            }
        }

        @Test("samples of a shared prompt are those of separate requests, and differ among each other")
        func sharedPrompt() async throws {
            let client = try await tiny.samplingClient()
            let prompt = tokens(70, seed: 3)
            let shared = try await client.draw(prompt, samples: 8, params(4, maxTokens: 80)).sequences
            #expect(Set(shared.map(\.tokens)).count == 8)
            // Sample i depends on (seed, i) and not on how many there are.
            for count in [1, 3] {
                #expect(
                    try await client.draw(prompt, samples: count, params(4, maxTokens: 80)).sequences
                        == Array(shared[..<count]))
            }
            for sample in shared {
                let scored = try await client.computeLogprobs(ModelInput(tokens: prompt + sample.tokens)).value
                #expect(scored.suffix(80).compactMap(\.self).bits == sample.logprobs.bits)
            }
        }

        @Test("more samples than fit in one batch come back in order")
        func crowd() async throws {
            let client = try await tiny.samplingClient()
            let prompt = tokens(5, seed: 1)
            let many = client.sample(
                prompt: ModelInput(tokens: prompt), numSamples: 150, params: params(6, maxTokens: 4),
                includePromptLogprobs: false)
            let late = try await client.draw(prompt, samples: 2, params(6, maxTokens: 4)).sequences
            let sequences = try await many.value.sequences
            #expect(sequences.count == 150)
            #expect(Array(sequences[..<2]) == late)
        }

        @Test("a training run's weights have the same bits with 1 and 3 threads")
        func trainingRun() async throws {
            var results: [PEFTAdapter] = []
            for threads in [1, 3] {
                let other = TinyService(sharing: tiny, threads: threads)
                let client = try await other.trainingClient(rank: 5)
                for step in 0..<3 {
                    let lengths = [100, 513, 3, 250, 270, 40]
                    let data = lengths.map { supervised(length: $0, seed: $0 + step) }
                    _ = client.forwardBackward(data, loss: .crossEntropy)
                    _ = client.optimStep(AdamParams(learningRate: 0.01, weightDecay: 0.1, gradClipNorm: 1))
                }
                results.append(try await other.adapter(of: client))
            }
            #expect(results[0] == results[1])
        }

        @Test("training while others sample changes neither")
        func trainingAmongSampling() async throws {
            let quiet = try await tiny.trainedClient(seed: 5), expected = try await tiny.adapter(of: quiet)
            let client = try await tiny.samplingClient()
            let prompt = tokens(30, seed: 2)
            let alone = try await client.draw(prompt, samples: 5, params(1, maxTokens: 200)).sequences
            let future = client.sample(
                prompt: ModelInput(tokens: prompt), numSamples: 5, params: params(1, maxTokens: 200),
                includePromptLogprobs: false)
            let busy = try await tiny.trainedClient(seed: 5), got = try await tiny.adapter(of: busy)
            #expect(got == expected)
            #expect(try await future.value.sequences == alone)
        }
    }
}

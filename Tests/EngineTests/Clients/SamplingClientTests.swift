import Engine
import Foundation
import TestSupport
import Testing
import Tokenizers
import TrainingAPI

extension SerialTests {
    @Suite("Sampling clients")
    struct SamplingClientTests {
        private let tiny: TinyService

        init() throws {
            var model = TinyModel()
            model.contextLength = 2000
            tiny = try TinyService(model)
        }

        @Test("a stop string ends a sample with the token that completes it, also across tokens")
        func stopStrings() async throws {
            let client = try await tiny.samplingClient()
            let prompt = tokens(4, seed: 1)
            let whole = try await client.draw(prompt, SamplingParams(maxTokens: 400, seed: 1)).sequences[0]
            let ends = whole.tokens.indices.map { client.tokenizer.decodeBytes(Array(whole.tokens[...$0])) }
            let bytes = try #require(ends.last)
            var checked = 0
            for first in stride(from: 0, to: bytes.count - 3, by: 7) {
                // Only ASCII can be cut anywhere and still be text.
                guard bytes[first..<first + 3].allSatisfy({ $0 < 128 && $0 > 0 }) else { continue }
                let stop = String(decoding: bytes[first..<first + 3], as: UTF8.self)
                let expected = try #require(ends.firstIndex { $0.contains(Array(stop.utf8)) }) + 1
                let params = SamplingParams(maxTokens: 400, stop: .strings(["never seen", stop, ""]), seed: 1)
                let sample = try await client.draw(prompt, params).sequences[0]
                #expect(sample.tokens == Array(whole.tokens[..<expected]))
                #expect(sample.logprobs == Array(whole.logprobs[..<expected]))
                #expect(sample.stopReason == .stop)
                checked += 1
            }
            #expect(checked >= 3)
        }

        @Test("a stop token ends a sample and belongs to it; max_tokens ends the others")
        func stopTokens() async throws {
            let client = try await tiny.samplingClient()
            let prompt = tokens(4, seed: 1)
            let whole = try await client.draw(prompt, samples: 3, SamplingParams(maxTokens: 50, seed: 2)).sequences
            #expect(whole.allSatisfy { $0.tokens.count == 50 && $0.logprobs.count == 50 && $0.stopReason == .length })
            let stop = whole[1].tokens[20]
            let params = SamplingParams(maxTokens: 50, stop: .tokens([stop]), seed: 2)
            for (sample, whole) in zip(try await client.draw(prompt, samples: 3, params).sequences, whole) {
                let end = whole.tokens.firstIndex(of: stop).map { $0 + 1 } ?? 50
                #expect(sample.tokens == Array(whole.tokens[..<end]))
                #expect(sample.stopReason == (sample.tokens.last == stop ? .stop : .length))
            }
        }

        @Test("without max_tokens a sample fills the context")
        func fillsContext() async throws {
            var model = TinyModel()
            model.contextLength = 140
            let tiny = try TinyService(model)
            let client = try await tiny.samplingClient()
            #expect(client.maxContextLength == 140)
            let sample = try await client.draw(tokens(5, seed: 1), SamplingParams(seed: 1)).sequences[0]
            #expect(sample.tokens.count == 135 && sample.stopReason == .length)
            let exact = try await client.draw(tokens(139, seed: 1), SamplingParams(maxTokens: 1, seed: 1)).sequences[0]
            #expect(exact.tokens.count == 1)
            #expect(try await client.computeLogprobs(ModelInput(tokens: tokens(140, seed: 1))).value.count == 140)
            await #expect(throws: TrainingError.contextExceeded(length: 141, limit: 140)) {
                try await client.draw(tokens(140, seed: 1), SamplingParams())
            }
            await #expect(throws: TrainingError.contextExceeded(length: 141, limit: 140)) {
                try await client.draw(tokens(100, seed: 1), SamplingParams(maxTokens: 41))
            }
            await #expect(throws: TrainingError.contextExceeded(length: 141, limit: 140)) {
                try await client.computeLogprobs(ModelInput(tokens: tokens(141, seed: 1))).value
            }
        }

        @Test("bad parameters are refused as usage errors")
        func badParams() async throws {
            let client = try await tiny.samplingClient()
            var cases = [SamplingParams](repeating: SamplingParams(maxTokens: 2), count: 10)
            (cases[0].temperature, cases[1].temperature, cases[2].temperature) = (-0.1, .nan, .infinity)
            (cases[3].topP, cases[4].topP, cases[5].topP) = (0, 1.01, .nan)
            (cases[6].topK, cases[7].topK) = (0, -2)
            (cases[8].maxTokens, cases[9].maxTokens) = (0, -5)
            for params in cases {
                let error = await #expect(throws: TrainingError.self) { try await client.draw([1], params) }
                #expect(error?.kind == .usage)
            }
            for count in [0, -1] {
                let error = await #expect(throws: TrainingError.self) {
                    try await client.draw([1], samples: count, SamplingParams(maxTokens: 2))
                }
                #expect(error?.kind == .usage)
            }
        }

        @Test("empty inputs and ids outside the vocabulary are refused by every verb")
        func badTokens() async throws {
            let client = try await tiny.samplingClient()
            await #expect(throws: TrainingError.emptyInput("the prompt")) {
                try await client.draw([], SamplingParams(maxTokens: 1))
            }
            await #expect(throws: TrainingError.emptyInput("the input")) {
                try await client.computeLogprobs(ModelInput(tokens: [])).value
            }
            await #expect(throws: TrainingError.emptyInput("the input")) {
                try await client.scoreNextTokens([ModelInput(tokens: [1]), ModelInput(tokens: [])], candidates: [1])
                    .value
            }
            for token in [-1, tinyVocabulary, Int.max] {
                let expected = TrainingError.tokenOutOfRange(token, vocabularySize: tinyVocabulary)
                let input = ModelInput(tokens: [1, token])
                await #expect(throws: expected) { try await client.draw(input.tokens, SamplingParams(maxTokens: 1)) }
                await #expect(throws: expected) { try await client.computeLogprobs(input).value }
                await #expect(throws: expected) { try await client.scoreNextTokens([input], candidates: [1]).value }
                await #expect(throws: expected) {
                    try await client.scoreNextTokens([ModelInput(tokens: [1])], candidates: [1, token]).value
                }
            }
        }

        @Test("candidates' scores are the logprobs of input and candidate")
        func scoreNextTokens() async throws {
            let client = try await tiny.trainedClient().saveWeightsAndGetSamplingClient(name: nil).value
            let inputs = [1, 40, 513, 3].map { ModelInput(tokens: tokens($0, seed: $0)) }
            let candidates = [0, 200, 266, 200]
            let scores = try await client.scoreNextTokens(inputs, candidates: candidates).value
            #expect(scores.count == 4)
            for (input, scores) in zip(inputs, scores) {
                for (candidate, score) in zip(candidates, scores) {
                    let all = try await client.computeLogprobs(input.appending([candidate])).value
                    #expect(all.last??.bitPattern == score.bitPattern)
                }
            }
            #expect(try await client.scoreNextTokens([], candidates: candidates).value.isEmpty)
            #expect(try await client.scoreNextTokens(inputs, candidates: []).value == [[], [], [], []])
            #expect(try await client.computeLogprobs(ModelInput(tokens: [5])).value == [nil])
        }

        @Test("top_k 1 and temperature 0 draw the likeliest tokens, whatever the seed")
        func greedy() async throws {
            let client = try await tiny.samplingClient()
            let prompt = tokens(6, seed: 1)
            let greedy = try await client.draw(prompt, SamplingParams(maxTokens: 20, temperature: 0)).sequences[0]
            let narrow = try await client.draw(prompt, SamplingParams(maxTokens: 20, topK: 1, seed: 9)).sequences[0]
            #expect(greedy == narrow)
            for index in 0..<3 {
                let input = ModelInput(tokens: prompt + greedy.tokens[..<index])
                let scores = try await client.scoreNextTokens([input], candidates: Array(0..<tinyVocabulary)).value[0]
                #expect(scores.max() == scores[greedy.tokens[index]])
            }
        }

        @Test("samples follow the model's distribution")
        func distribution() async throws {
            let client = try await tiny.samplingClient()
            let prompt = tokens(6, seed: 1), count = 4000
            let response = try await client.draw(prompt, samples: count, SamplingParams(maxTokens: 1, seed: 3))
            let scores = try await client.scoreNextTokens(
                [ModelInput(tokens: prompt)], candidates: Array(0..<tinyVocabulary)
            ).value[0]
            var counts = [Double](repeating: 0, count: tinyVocabulary)
            for sample in response.sequences { counts[sample.tokens[0]] += 1 }
            // Pearson's statistic has mean 266 and standard deviation 23 if the draws follow the scores.
            let statistic = zip(counts, scores).reduce(0) { sum, pair in
                let expected = exp(Double(pair.1)) * Double(count)
                return sum + (pair.0 - expected) * (pair.0 - expected) / expected
            }
            #expect(statistic < 266 + 5 * 23)
        }

        @Test("without a seed, two requests differ")
        func freshSeeds() async throws {
            let client = try await tiny.samplingClient()
            let first = try await client.draw([1, 5], SamplingParams(maxTokens: 40)).sequences[0]
            let second = try await client.draw([1, 5], SamplingParams(maxTokens: 40)).sequences[0]
            #expect(first.tokens != second.tokens)
        }

        @Test("a long request that is cancelled ends at once, and later requests are answered")
        func cancel() async throws {
            let client = try await tiny.samplingClient()
            let prompt = ModelInput(tokens: tokens(10, seed: 1))
            let long = client.sample(
                prompt: prompt, numSamples: 100, params: SamplingParams(seed: 1), includePromptLogprobs: true)
            // Answered between two steps of the long one.
            let expected = try await client.draw(prompt.tokens, SamplingParams(maxTokens: 5, seed: 2)).sequences
            #expect(!long.isDone)
            long.cancel()
            await #expect(throws: TrainingError.cancelled) { try await long.value }
            #expect(try await client.draw(prompt.tokens, SamplingParams(maxTokens: 5, seed: 2)).sequences == expected)
        }

        @Test("prompts cancelled half-way leave nothing in later answers")
        func cancelledPrompts() async throws {
            let client = try await tiny.samplingClient()
            let prompt = ModelInput(tokens: tokens(1500, seed: 1))
            let params = SamplingParams(maxTokens: 1, seed: 1)
            let expected = try await client.computeLogprobs(prompt).value
            for delay in 0..<20 {
                let cancelled = client.sample(
                    prompt: prompt, numSamples: 1, params: params, includePromptLogprobs: true)
                try await Task.sleep(for: .microseconds(500 * delay))
                cancelled.cancel()
                let response = try await client.draw(prompt.tokens, params, promptLogprobs: true)
                #expect(response.promptLogprobs?.count == 1500)
                #expect(response.promptLogprobs == expected)
            }
        }

        @Test("clients go on working after the service that made them is gone")
        func clientsOutliveService() async throws {
            func orphan() async throws -> any SamplingClient {
                try await TinyService(sharing: tiny, threads: 2).samplingClient()
            }
            let client = try await orphan()
            #expect(
                try await client.draw([1, 2], SamplingParams(maxTokens: 3, seed: 1)).sequences[0].tokens.count == 3)
        }

        @Test("what was asked for is answered though nobody holds the client")
        func futuresOutliveClients() async throws {
            let future = try await TinyService(sharing: tiny, threads: 2).samplingClient().sample(
                prompt: ModelInput(tokens: [1, 2]), numSamples: 1, params: SamplingParams(maxTokens: 300, seed: 1),
                includePromptLogprobs: false)
            #expect(try await future.value.sequences[0].tokens.count == 300)
        }
    }
}

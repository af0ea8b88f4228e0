import Engine
import TestSupport
import Testing
import TrainingAPI

extension SerialTests {
    /// What is computed and kept, as the sampler counts it.
    @Suite("The key/value cache")
    struct CacheTests {
        private func service(_ change: (inout SamplerLimits) -> Void = { _ in }) throws -> TinyService {
            var model = TinyModel()
            model.contextLength = 1000
            var limits = SamplerLimits()
            limits.positionsPerPage = 16
            change(&limits)
            return try TinyService(model, limits: limits)
        }

        private func params(_ seed: Int, _ maxTokens: Int = 5) -> SamplingParams {
            SamplingParams(maxTokens: maxTokens, seed: seed)
        }

        @Test("a group's prompt is computed once, as one request, as four at a time and as one later")
        func group() async throws {
            let prompt = ModelInput(tokens: tokens(100, seed: 1))
            let client = try await service().samplingClient()
            let group = try await client.draw(prompt.tokens, samples: 4, params(1)).sequences
            let rows = try await client.statistics().rows
            // The first token of each sample comes from the prompt's last row.
            #expect(rows == 100 + 4 * 4)

            let other = try await service().samplingClient()
            let futures = (0..<4).map {
                other.sample(prompt: prompt, numSamples: 1, params: params($0), includePromptLogprobs: false)
            }
            for future in futures { _ = try await future.value }
            // Each request computes the prompt's last row for itself.
            #expect(try await other.statistics().rows == 100 + 3 + 4 * 4)
            _ = try await other.draw(prompt.tokens, params(9))
            #expect(try await other.statistics().rows == 100 + 3 + 4 * 4 + 1 + 4)
            #expect(try await other.draw(prompt.tokens, samples: 4, params(1)).sequences == group)
        }

        @Test("a conversation's turn computes what is new in it")
        func conversation() async throws {
            let client = try await service().samplingClient()
            var history = tokens(100, seed: 1)
            for turn in 0..<4 {
                let before = try await client.statistics().rows
                let sample = try await client.draw(history, params(turn, 30)).sequences[0]
                // The last token drawn is computed by the next turn.
                let new = turn == 0 ? 100 : 1 + 20
                #expect(try await client.statistics().rows - before == new + 30 - 1)
                history += sample.tokens + tokens(20, seed: 50 + turn)
            }
        }

        @Test("nothing is shared between adapters, and what an adapter left behind goes with it")
        func adapters() async throws {
            let tiny = try service()
            let base = try await tiny.samplingClient()
            let prompt = tokens(64, seed: 1)
            _ = try await base.draw(prompt, params(1, 1))
            let kept = try await base.statistics().pagesKept
            #expect(kept == 4)
            func withAdapter() async throws {
                let client = try await tiny.trainedClient().saveWeightsAndGetSamplingClient(name: nil).value
                _ = try await client.draw(prompt, params(1, 1))
                let statistics = try await client.statistics()
                #expect(statistics.rows == 128 && statistics.reused == 0)
                #expect(statistics.pagesKept == 2 * kept)
            }
            try await withAdapter()
            _ = try await base.draw(prompt, params(1, 1))
            #expect(try await base.statistics().pagesKept == kept)
        }

        @Test("a request that could never fit is refused, and says so; others take turns within the budget")
        func budget() async throws {
            // 10 pages of 16 positions of 256 bytes.
            let client = try await service { $0.cacheBytes = 10 * 16 * 256 }.samplingClient()
            for (prompt, most) in [(100, 62), (161, 1), (1, nil)] {
                let error = await #expect(throws: TrainingError.self) {
                    try await client.draw(tokens(prompt, seed: 1), SamplingParams(maxTokens: most))
                }
                #expect(error?.kind == .usage)
            }
            let futures = (0..<8).map { index in
                client.sample(
                    prompt: ModelInput(tokens: tokens(100, seed: index)), numSamples: 2, params: params(index, 61),
                    includePromptLogprobs: false)
            }
            let roomy = try await service().samplingClient()
            for (index, future) in futures.enumerated() {
                let expected = try await roomy.draw(tokens(100, seed: index), samples: 2, params(index, 61)).sequences
                #expect(try await future.value.sequences == expected)
            }
            let statistics = try await client.statistics()
            #expect(statistics.peakPages == 10 && statistics.pagesInUse == 0)
        }

        @Test("a cancelled request's memory is free after the next step")
        func cancelled() async throws {
            let client = try await service().samplingClient()
            let long = client.sample(
                prompt: ModelInput(tokens: tokens(50, seed: 1)), numSamples: 10, params: SamplingParams(seed: 1),
                includePromptLogprobs: false)
            _ = try await client.draw(tokens(5, seed: 2), params(2))
            #expect(try await client.statistics().pagesInUse > 0)
            long.cancel()
            _ = try await client.draw(tokens(5, seed: 2), params(2))
            #expect(try await client.statistics().pagesInUse == 0)
        }

        @Test("a client with a short request is not held up by another's crowd, nor by its long prompts")
        func fairness() async throws {
            let tiny = try service { limits in
                limits.sequences = 4
                limits.rowsPerPass = 8
            }
            let crowd = try await tiny.samplingClient(), guest = try await tiny.samplingClient()
            let futures = (0..<8).map { index in
                crowd.sample(
                    prompt: ModelInput(tokens: tokens(700, seed: index)), numSamples: 4, params: params(index, 300),
                    includePromptLogprobs: false)
            }
            // All four places are taken when the pages of four prompts are, 44 each.
            while try await guest.statistics().pagesInUse < 4 * 44 { await Task.yield() }
            _ = try await guest.draw(tokens(20, seed: 9), params(9, 3))
            #expect(futures.allSatisfy { !$0.isDone })
            #expect(try await guest.statistics().displaced > 0)
            for future in futures { future.cancel() }
        }
    }
}

import Engine
import Tensors
import TestSupport
import Testing
import TrainingAPI

extension SerialTests {
    /// Whatever the order of arrival, the cache's history and the limits: every request gets what it gets alone.
    @Suite("Sampling schedules")
    struct ScheduleTests {
        /// One request, and what it gets when a fresh engine computes nothing else.
        private struct Request {
            var adapter: Int
            var prompt: [Int]
            var samples: Int
            var params: SamplingParams
            var promptLogprobs: Bool
            var expected = SampleResponse(sequences: [])
        }

        private static let adapters = 3
        /// Bytes of a position: two layers of two key and two value heads of 8 float32.
        private static let bytesPerPosition = 2 * 2 * 16 * 4

        private let tiny: TinyService
        private let checkpoints: [String]

        init() async throws {
            tiny = try TinyService()
            checkpoints = [
                try await tiny.trainedClient(rank: 3, seed: 1).saveWeightsForSampler(name: "a").value,
                try await tiny.trainedClient(rank: 20, seed: 2).saveWeightsForSampler(name: "b").value,
            ]
        }

        /// The model without an adapter and with each of two.
        private func clients(_ service: TinyService) async throws -> [any SamplingClient] {
            var clients = [try await service.samplingClient()]
            for path in checkpoints {
                clients.append(try await service.service.createSamplingClient(modelPath: path).value)
            }
            return clients
        }

        private func send(_ request: Request, _ clients: [any SamplingClient]) -> Future<SampleResponse> {
            clients[request.adapter].sample(
                prompt: ModelInput(tokens: request.prompt), numSamples: request.samples, params: request.params,
                includePromptLogprobs: request.promptLogprobs)
        }

        /// Prompts with common beginnings, the same prompt over and over, and conversations that go on from earlier samples.
        private func requests(_ count: Int) async throws -> [Request] {
            var requests: [Request] = []
            for index in 0..<count {
                var random = SeededRandom(5, index)
                func below(_ limit: Int) -> Int { Int(random.uniform() * Double(limit)) }
                var request = Request(
                    adapter: below(Self.adapters), prompt: [], samples: 1 + below(8) / 3 % 3,
                    params: SamplingParams(
                        maxTokens: 1 + below(24), temperature: [0, 0.7, 1][below(3)], topP: [1, 0.9][below(2)],
                        stop: [.none, .strings(["a", "th"]), .tokens([5, 70, 200])][below(3)], seed: index),
                    promptLogprobs: below(4) == 0)
                if index > 4, below(3) == 0 {
                    let earlier = requests[below(index)]
                    request.adapter = earlier.adapter
                    request.prompt = Array((earlier.prompt + earlier.expected.sequences[0].tokens).prefix(110))
                    request.prompt += tokens(below(20), seed: index)
                } else {
                    request.prompt = tokens(64, seed: below(2)).prefix(below(65)) + tokens(1 + below(40), seed: below(5))
                }
                let alone = TinyService(sharing: tiny, threads: 1)
                request.expected = try await send(request, clients(alone)).value
                requests.append(request)
            }
            return requests
        }

        @Test("hundreds of random schedules give every request the tokens and the logprob bits that it gets alone")
        func randomSchedules() async throws {
            let requests = try await requests(50)
            let longest = requests.map { $0.prompt.count + ($0.params.maxTokens ?? 0) - 1 }.max() ?? 0
            var reused = 0, displaced = 0
            for history in 0..<50 {
                var random = SeededRandom(6, history)
                func below(_ limit: Int) -> Int { Int(random.uniform() * Double(limit)) }
                var limits = SamplerLimits()
                limits.sequences = 1 + below(12)
                limits.rowsPerPass = [1, 3, 16, 64, 512][below(5)]
                limits.positionsPerPage = [1, 3, 8, 16, 32, 64][below(6)]
                let least = (longest + limits.positionsPerPage - 1) / limits.positionsPerPage
                let pages = least + [0, 1, least, 20 * least][below(4)]
                // A page's keys stand in panels of 16 positions.
                limits.cacheBytes = pages * ((limits.positionsPerPage + 15) / 16 * 16) * Self.bytesPerPosition
                let service = TinyService(sharing: tiny, threads: 1 + below(3), limits: limits)
                let clients = try await clients(service)
                for _ in 0..<6 {
                    var sent: [(request: Request, future: Future<SampleResponse>)] = []
                    for _ in 0..<1 + below(10) {
                        let request = requests[below(requests.count)]
                        let future = send(request, clients)
                        sent.append((request, future))
                        if below(3) == 0 { await Task.yield() }
                        if below(6) == 0 { sent[below(sent.count)].future.cancel() }
                    }
                    for (request, future) in sent {
                        guard let response = try? await future.value else {
                            #expect(future.isCancelled)
                            continue
                        }
                        #expect(response.sequences.map(\.tokens) == request.expected.sequences.map(\.tokens))
                        #expect(
                            response.sequences.map(\.logprobs.bits) == request.expected.sequences.map(\.logprobs.bits))
                        #expect(response.sequences == request.expected.sequences)
                        #expect(response.promptLogprobs == request.expected.promptLogprobs)
                    }
                }
                let statistics = try await settled(clients[0])
                #expect(statistics.pageCapacity == pages)
                #expect(statistics.peakPages <= pages)
                #expect(statistics.pagesKept <= pages)
                reused += statistics.reused
                displaced += statistics.displaced
            }
            // The schedules are worth their name only if they share and evict.
            #expect(reused > 10_000)
            #expect(displaced > 100)
        }

        /// Statistics when all that was cancelled has been dropped; nothing may be in use any more.
        private func settled(_ client: any SamplingClient) async throws -> SamplerStatistics {
            for _ in 0..<1000 {
                let statistics = try await client.statistics()
                if statistics.pagesInUse == 0 { return statistics }
            }
            Issue.record("pages are still in use")
            return try await client.statistics()
        }
    }
}

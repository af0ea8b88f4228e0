import Engine
import Foundation
import ModelFiles
import TestSupport
import Testing
import TrainingAPI

/// Golden numbers: a float32 forward pass in NumPy on the dequantised weights (`Vectors/forward_smollm2.json` says how).
@Suite("The engine on the default model")
struct DefaultModelTests {
    private struct Vectors: Decodable {
        struct Scored: Decodable {
            let ids: [Int]
            let logprobsOfNext: [Double?]
            let top5AfterLast: [[Double]]
        }
        struct Greedy: Decodable {
            let promptIds: [Int]
            let greedyIds: [Int]
        }
        let scored: [Scored]
        let greedy: [Greedy]
    }

    private static let exact = service(.float32)
    private static let rounded = service(.bfloat16)

    private static func service(_ precision: WeightPrecision) -> EngineService {
        EngineService(
            store: ModelStore(), checkpointFolder: ScratchFolder.url, precision: precision,
            threads: 2)
    }

    private func vectors() throws -> Vectors {
        let url = try #require(Bundle.module.url(forResource: "Vectors/forward_smollm2", withExtension: "json"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Vectors.self, from: Data(contentsOf: url))
    }

    private func client(_ service: EngineService = exact) async throws -> any SamplingClient {
        try await service.createSamplingClient(baseModel: ModelStore.defaultModel.name).value
    }

    @Test("logprobs agree with the float32 reference within 2e-3")
    func forward() async throws {
        let client = try await client()
        for scored in try vectors().scored {
            let logprobs = try await client.computeLogprobs(ModelInput(tokens: scored.ids)).value
            for (got, expected) in zip(logprobs, scored.logprobsOfNext) {
                guard let expected else { continue }
                #expect(abs(Double(try #require(got)) - expected) < 2e-3)
            }
            let candidates = scored.top5AfterLast.map { Int($0[0]) }
            let next = try await client.scoreNextTokens([ModelInput(tokens: scored.ids)], candidates: candidates).value
            for (got, expected) in zip(next[0], scored.top5AfterLast) {
                #expect(abs(Double(got) - expected[1]) < 2e-3)
            }
        }
    }

    @Test("with bfloat16 weights, logprobs stay within 0.02 of the float32 reference on average")
    func bfloat16() async throws {
        let client = try await client(Self.rounded)
        var errors: [Double] = []
        for scored in try vectors().scored {
            let logprobs = try await client.computeLogprobs(ModelInput(tokens: scored.ids)).value
            for (got, expected) in zip(logprobs, scored.logprobsOfNext) {
                if let got, let expected { errors.append(abs(Double(got) - expected)) }
            }
        }
        #expect(errors.reduce(0, +) / Double(errors.count) < 0.02)
        // Rounding must have happened, and must not have gone wrong anywhere.
        #expect(errors.contains { $0 > 1e-3 } && errors.allSatisfy { $0 < 0.25 })
    }

    @Test("the greedy continuation follows the reference")
    func greedy() async throws {
        let client = try await client()
        for case let greedy in try vectors().greedy {
            let response = try await client.sample(
                prompt: ModelInput(tokens: greedy.promptIds), numSamples: 1,
                params: SamplingParams(maxTokens: greedy.greedyIds.count, temperature: 0, stop: .tokens([2])),
                includePromptLogprobs: false
            ).value
            #expect(response.sequences[0].tokens == greedy.greedyIds)
        }
    }
}

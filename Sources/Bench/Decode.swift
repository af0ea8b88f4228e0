package import ModelFiles
import Tokenizers
package import TrainingAPI

/// Sampling without an adapter, prompts counted into the time but not into the tokens.
package struct Decode: Workload {
    /// The number of prompts, each its own.
    var prompts: Int
    /// How many continuations of each prompt are drawn.
    var samplesPerPrompt: Int
    /// The tokens of a prompt.
    var promptLength: Int
    /// The tokens that are drawn for each continuation.
    var newTokens: Int

    private var batch: Int { prompts * samplesPerPrompt }
    package var tokens: Int { batch * newTokens }

    package func passes(_ model: ModelConfig) -> [Work] { passes(Roofline(model, rank: 0)) }

    /// The prompts in one pass, which also gives the first token of each continuation, then a pass for every further token.
    func passes(_ roofline: Roofline) -> [Work] {
        let read = roofline.forward(tokens: prompts * promptLength, context: Double(promptLength) / 2, logits: prompts)
        return [read]
            + (1..<max(newTokens, 1)).map { drawn in
                roofline.forward(
                    tokens: batch, context: Double(promptLength + drawn), logits: batch,
                    cached: prompts * promptLength + batch * drawn)
            }
    }

    package func prepare(_ service: any TrainingService, model: String) async throws -> WorkloadRun {
        let client = try await service.createSamplingClient(baseModel: model).value
        _ = try await draw(client, run: 0, prompts: 1, length: 8, tokens: 2)
        return { number in
            _ = try await draw(client, run: number, prompts: prompts, length: promptLength, tokens: newTokens)
        }
    }

    private func draw(
        _ client: any SamplingClient, run: Int, prompts: Int, length: Int, tokens: Int
    ) async throws -> [[SampledSequence]] {
        var text = RandomTokens(seed: run, vocabulary: client.tokenizer.vocabularySize)
        return try await client.continuations(
            of: (0..<prompts).map { _ in text.next(length) }, samples: samplesPerPrompt, tokens: tokens, seed: run)
    }
}

extension SamplingClient {
    /// For each prompt some continuations of exactly this many tokens, all requested at once.
    func continuations(
        of prompts: [[Int]], samples: Int, tokens: Int, seed: Int
    ) async throws -> [[SampledSequence]] {
        let requests = prompts.enumerated().map { index, prompt in
            sample(
                prompt: ModelInput(tokens: prompt), numSamples: samples,
                params: SamplingParams(maxTokens: tokens, seed: seed &* 1000 &+ index), includePromptLogprobs: false)
        }
        var groups: [[SampledSequence]] = []
        for request in requests { groups.append(try await request.value.sequences) }
        for sequence in groups.joined() where sequence.tokens.count != tokens {
            throw BenchError.shortSample(drawn: sequence.tokens.count, asked: tokens)
        }
        return groups
    }
}

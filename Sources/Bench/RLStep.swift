package import ModelFiles
import Tensors
import Tokenizers
package import TrainingAPI

/// One step of RL with a reward that costs nothing: groups are sampled from the policy, trained on with importance sampling, and
/// the optimizer takes its step. Tokens per second counts the sampled ones.
package struct RLStep: Workload, Equatable {
    /// The number of prompts.
    var prompts: Int
    /// The completions of each.
    var groupSize: Int
    /// The tokens of a prompt.
    var promptLength: Int
    /// The tokens of a completion.
    var newTokens: Int
    /// The rank of the adapter on all linear layers.
    var rank = 32

    /// The sizes that peers are measured with.
    static let standard = RLStep(prompts: 16, groupSize: 4, promptLength: 100, newTokens: 64)

    package var tokens: Int { prompts * groupSize * newTokens }

    /// Sampling, then training with each prompt once for its group.
    package func passes(_ model: ModelConfig) -> [Work] {
        let roofline = Roofline(model, rank: rank)
        let sampling = Decode(
            prompts: prompts, samplesPerPrompt: groupSize, promptLength: promptLength, newTokens: newTokens)
        let read = Double(prompts * promptLength)
        let keys = read * Double(promptLength) / 2 + Double(tokens) * (Double(promptLength) + Double(newTokens) / 2)
        let count = prompts * promptLength + tokens
        return sampling.passes(roofline) + [roofline.training(tokens: count, context: keys / Double(count), logits: tokens)]
    }

    package func prepare(_ service: any TrainingService, model: String) async throws -> WorkloadRun {
        let client = try await service.createLoraTrainingClient(
            baseModel: model, config: LoraConfig(rank: rank, seed: 1, trainUnembed: false)
        ).value
        let warmUp = RLStep(prompts: 1, groupSize: 2, promptLength: 8, newTokens: 2, rank: rank)
        try await warmUp.step(client, run: 0)
        return { try await step(client, run: $0) }
    }

    private func step(_ client: any TrainingClient, run: Int) async throws {
        var text = RandomTokens(seed: run, vocabulary: client.tokenizer.vocabularySize)
        let prompts = (0..<prompts).map { _ in text.next(promptLength) }
        let policy = try await client.saveWeightsAndGetSamplingClient(name: nil).value
        let groups = try await policy.continuations(of: prompts, samples: groupSize, tokens: newTokens, seed: run)
        let data = zip(prompts, groups).flatMap { prompt, group in
            group.enumerated().map { index, sequence in
                // Advantages of both signs, so that the adapter stays where it is in the long run.
                Self.datum(prompt: prompt, sequence, advantage: index.isMultiple(of: 2) ? 1 : -1)
            }
        }
        let loss = client.forwardBackward(data, loss: .importanceSampling)
        let update = client.optimStep(AdamParams(learningRate: 1e-5))
        _ = try await loss.value
        _ = try await update.value
    }

    private static func datum(prompt: [Int], _ sequence: SampledSequence, advantage: Float) -> Datum {
        let tokens = prompt + sequence.tokens
        let read = [Float](repeating: 0, count: prompt.count - 1)
        return Datum(
            modelInput: ModelInput(tokens: Array(tokens.dropLast())),
            lossFnInputs: [
                "target_tokens": Tensor(Array(tokens.dropFirst())),
                "logprobs": Tensor(read + sequence.logprobs),
                "advantages": Tensor(read + [Float](repeating: advantage, count: sequence.tokens.count)),
            ])
    }
}

package import ModelFiles
import Tensors
import Tokenizers
package import TrainingAPI

/// Supervised fine-tuning with every token weighted: batches packed to a budget of tokens, a step of the optimizer after each.
package struct SFT: Workload, Equatable {
    /// The lengths of the sequences.
    var lengths: [Int]
    /// Whether the lengths are those of `LengthMix`, which peers train on.
    var isMix = false
    /// The rank of the adapter on all linear layers.
    var rank = 32
    /// The most tokens of a batch.
    static let budget = 2048

    /// Some sequences of the usual mix of lengths.
    static func mix(count: Int) -> SFT { SFT(lengths: LengthMix.lengths(count: count, seed: 7), isMix: true) }

    package var tokens: Int { lengths.reduce(0, +) }

    package func passes(_ model: ModelConfig) -> [Work] {
        let roofline = Roofline(model, rank: rank)
        return LengthMix.packed(lengths, budget: Self.budget).map { batch in
            // The last token of a sequence is only a target.
            let inputs = batch.map { $0 - 1 }
            let count = inputs.reduce(0, +)
            return roofline.training(tokens: count, context: Roofline.meanContext(inputs), logits: count)
        }
    }

    package func prepare(_ service: any TrainingService, model: String) async throws -> WorkloadRun {
        let client = try await service.createLoraTrainingClient(
            baseModel: model, config: LoraConfig(rank: rank, seed: 1, trainUnembed: false)
        ).value
        var text = RandomTokens(seed: 7, vocabulary: client.tokenizer.vocabularySize)
        let batches = LengthMix.packed(lengths, budget: Self.budget).map { $0.map { Self.datum(text.next($0)) } }
        // A whole batch: memory that is touched for the first time costs more than the work done in it.
        try await Self.train(client, Array(batches.prefix(1)))
        return { _ in try await Self.train(client, batches) }
    }

    private static func train(_ client: any TrainingClient, _ batches: [[Datum]]) async throws {
        let steps = batches.map { batch in
            (client.forwardBackward(batch, loss: .crossEntropy), client.optimStep(AdamParams(learningRate: 1e-4)))
        }
        for (loss, step) in steps {
            _ = try await loss.value
            _ = try await step.value
        }
    }

    private static func datum(_ tokens: [Int]) -> Datum {
        Datum(
            modelInput: ModelInput(tokens: Array(tokens.dropLast())),
            lossFnInputs: [
                "target_tokens": Tensor(Array(tokens.dropFirst())),
                "weights": Tensor([Float](repeating: 1, count: tokens.count - 1)),
            ])
    }
}

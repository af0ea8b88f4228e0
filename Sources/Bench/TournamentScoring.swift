package import ModelFiles
import Tokenizers
package import TrainingAPI

/// Comparing every two completions of a prompt both ways round: label logprobs at the end of prompt, first and second completion.
package struct TournamentScoring: Workload, Equatable {
    /// The tokens of the prompt.
    var promptLength: Int
    /// The tokens of a completion.
    var completionLength: Int
    /// The number of completions.
    var completions: Int

    /// The sizes that peers are measured with.
    static let standard = TournamentScoring(promptLength: 200, completionLength: 128, completions: 4)

    private var comparisons: Int { completions * (completions - 1) }
    package var tokens: Int { comparisons * (promptLength + 2 * completionLength) }

    /// As a tree: the prompt once, each completion after it once, each second completion after each first.
    package func passes(_ model: ModelConfig) -> [Work] {
        let roofline = Roofline(model, rank: 0)
        let (prompt, completion) = (Double(promptLength), Double(completionLength))
        let parts = [
            (promptLength, prompt / 2, 0), (completions * completionLength, prompt + completion / 2, 0),
            (comparisons * completionLength, prompt + 1.5 * completion, comparisons),
        ].map { roofline.forward(tokens: $0.0, context: $0.1, logits: $0.2) }
        // One pass over the weights serves them all.
        return [Work(operations: parts.reduce(0) { $0 + $1.operations }, bytes: parts[0].bytes)]
    }

    package func prepare(_ service: any TrainingService, model: String) async throws -> WorkloadRun {
        let client = try await service.createSamplingClient(baseModel: model).value
        let labels = [0, 1]
        _ = try await client.scoreNextTokens([ModelInput(tokens: [1, 2, 3])], candidates: labels).value
        return { number in
            _ = try await client.scoreNextTokens(
                inputs(number, vocabulary: client.tokenizer.vocabularySize), candidates: labels
            ).value
        }
    }

    private func inputs(_ run: Int, vocabulary: Int) -> [ModelInput] {
        var text = RandomTokens(seed: run, vocabulary: vocabulary)
        let prompt = text.next(promptLength)
        let replies = (0..<completions).map { _ in text.next(completionLength) }
        return replies.indices.flatMap { first in
            replies.indices.filter { $0 != first }.map { ModelInput(tokens: prompt + replies[first] + replies[$0]) }
        }
    }
}

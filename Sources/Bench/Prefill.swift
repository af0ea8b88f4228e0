package import ModelFiles
package import TrainingAPI

/// Reading prompts, each its own: from all requests at once to the first sampled token of each.
package struct Prefill: Workload {
    /// The number of prompts.
    var prompts: Int
    /// The tokens of each.
    var promptLength: Int

    package var tokens: Int { prompts * promptLength }

    package func passes(_ model: ModelConfig) -> [Work] {
        [Roofline(model, rank: 0).forward(tokens: tokens, context: Double(promptLength) / 2, logits: prompts)]
    }

    package func prepare(_ service: any TrainingService, model: String) async throws -> WorkloadRun {
        try await Decode(prompts: prompts, samplesPerPrompt: 1, promptLength: promptLength, newTokens: 1)
            .prepare(service, model: model)
    }
}

import Synchronization
public import TrainingAPI

/// Replies to prompts, one each, at fixed seeds: what evaluators compare.
public struct ReplySampler: Sendable {
    /// A reply.
    public struct Reply: Sendable, Equatable {
        /// The reply without the stop.
        public var text: String
        /// The number of tokens, the stop included.
        public var tokens: Int
        /// Whether it ended by itself.
        public var endedByStop: Bool

        /// A reply's text, and how it came to its end.
        public init(text: String, tokens: Int, endedByStop: Bool) {
            self.text = text
            self.tokens = tokens
            self.endedByStop = endedByStop
        }
    }

    /// The most tokens of a reply.
    public var maxTokens: Int
    /// The sampling temperature.
    public var temperature: Double
    /// Fixes the replies, given the weights.
    public var seed: Int

    /// How replies are drawn.
    public init(maxTokens: Int, temperature: Double = 1, seed: Int = 0) {
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.seed = seed
    }

    /// Draws a reply to each prompt, all at once. `label` is what `progress` calls it.
    public func replies(
        to prompts: [[Message]], sampler: any SamplingClient, renderer: any Renderer, progress: any ProgressSink,
        label: String
    ) async throws -> [Reply] {
        let requests = try prompts.enumerated().map { index, prompt in
            let input = try renderer.buildGenerationPrompt(prompt)
            guard input.length < sampler.maxContextLength else {
                throw TrainingError.contextExceeded(length: input.length + 1, limit: sampler.maxContextLength)
            }
            return sampler.sample(
                prompt: input, numSamples: 1,
                params: SamplingParams(
                    maxTokens: min(maxTokens, sampler.maxContextLength - input.length), temperature: temperature,
                    stop: renderer.stopCondition, seed: Rollouts.seed([seed, index])),
                includePromptLogprobs: false)
        }
        // Replies end in any order; whoever looks on wants to see each.
        let done = Mutex(0)
        progress.report(StageProgress(stage: label, done: 0, total: requests.count, unit: "prompt"))
        for request in requests {
            request.whenDone { _ in
                done.withLock { done in
                    done += 1
                    progress.report(StageProgress(stage: label, done: done, total: requests.count, unit: "prompt"))
                }
            }
        }
        do {
            var replies: [Reply] = []
            for request in requests {
                guard let sequence = try await request.value.sequences.first else {
                    throw TrainingError.emptyInput("the service's list of samples")
                }
                let parsed = renderer.parseResponse(sequence.tokens)
                replies.append(
                    Reply(
                        text: parsed.message.content, tokens: sequence.tokens.count,
                        endedByStop: parsed.termination.isClean))
            }
            return replies
        } catch {
            // One that failed or was given up leaves no use for the others.
            for request in requests { request.cancel() }
            throw error
        }
    }
}

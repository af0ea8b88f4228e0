import Tensors
import TrainingAPI

/// Draws the episodes of a batch of rows with one policy.
struct Rollouts: Sendable {
    let dataset: any RLDataset
    let renderer: any Renderer
    let config: RLConfig
    let progress: any ProgressSink
    /// What progress calls it.
    let label: String

    /// Groups that are complete, and the failures of those that are not.
    struct Outcome: Sendable {
        var groups: [RolloutGroup] = []
        var failures: [any Error] = []
    }

    /// The groups of these rows with rewards and advantages. Seeds come from the run's seed, the step and the group,
    /// so that a batch repeats. A failure is thrown unless the settings tolerate it.
    func run(rows: [Int], step: Int, sampler: any SamplingClient) async throws -> Outcome {
        // All requests are made before the first is awaited, so that they reach the service together.
        var outcome = Outcome()
        let drawn = try await withThrowingTaskGroup(of: (Int, Result<RolloutGroup, any Error>).self) { tasks in
            for (index, row) in rows.enumerated() {
                switch dataset.episode(row: row) {
                case .singleTurn(let prompt):
                    let request = try request(prompt, count: dataset.groupSize, key: [step, index], sampler: sampler)
                    tasks.addTask {
                        let sequences = try await request.response.value.sequences
                        return (
                            index,
                            .success(group(index, row, prompt, sequences.map { trajectory(request.prompt, $0) }))
                        )
                    }
                case .messageEnv(let make):
                    tasks.addTask {
                        (index, await converse(make, index: index, row: row, step: step, sampler: sampler))
                    }
                }
            }
            var results = [Result<RolloutGroup, any Error>?](repeating: nil, count: rows.count)
            var done = 0
            for try await (index, result) in tasks {
                results[index] = result
                done += 1
                progress.report(
                    StageProgress(stage: "\(label): rollouts", done: done, total: rows.count, unit: "group"))
            }
            return results.compactMap { $0 }
        }
        var groups: [RolloutGroup] = []
        for result in drawn {
            switch result {
            case .success(let group): groups.append(group)
            case .failure(let error): outcome.failures.append(error)
            }
        }
        if let failure = outcome.failures.first, !config.rolloutErrorTolerance { throw failure }
        for (var group, rewards) in zip(groups, try await dataset.rewards(groups)) {
            switch rewards {
            case .success(let rewards):
                for (sample, reward) in rewards.enumerated() {
                    group.trajectories[sample].finalReward = reward.reward
                    group.trajectories[sample].metrics.merge(reward.metrics) { $1 }
                }
                group.centreAdvantages()
                outcome.groups.append(group)
            case .failure(let error):
                if !config.rolloutErrorTolerance { throw error }
                outcome.failures.append(error)
            }
        }
        return outcome
    }

    private func group(_ index: Int, _ row: Int, _ prompt: [Message], _ trajectories: [Trajectory]) -> RolloutGroup {
        RolloutGroup(
            index: index, row: row, prompt: prompt, tags: dataset.tags(row: row), trajectories: trajectories)
    }

    private func request(
        _ messages: [Message], count: Int, key: [Int], sampler: any SamplingClient
    ) throws -> (prompt: ModelInput, response: Future<SampleResponse>) {
        let prompt = try renderer.buildGenerationPrompt(messages)
        guard prompt.length < sampler.maxContextLength else {
            throw TrainingError.contextExceeded(length: prompt.length + 1, limit: sampler.maxContextLength)
        }
        let params = SamplingParams(
            maxTokens: min(config.maxTokens, sampler.maxContextLength - prompt.length),
            temperature: config.temperature, stop: renderer.stopCondition,
            seed: Self.seed([config.run.seed] + key))
        return (
            prompt,
            sampler.sample(prompt: prompt, numSamples: count, params: params, includePromptLogprobs: false)
        )
    }

    /// A seed of its own for each list of numbers, small enough for every service.
    static func seed(_ parts: [Int]) -> Int {
        let key = parts.reduce(0) { seed, part in
            var random = SeededRandom(seed, part)
            return Int(random.next() >> 33)
        }
        return key
    }

    private func transition(_ prompt: ModelInput, _ sequence: SampledSequence) -> Transition {
        let parsed = renderer.parseResponse(sequence.tokens)
        return Transition(
            observation: prompt.tokens, action: sequence.tokens, logprobs: sequence.logprobs,
            stopReason: sequence.stopReason, message: parsed.message, termination: parsed.termination)
    }

    private func trajectory(_ prompt: ModelInput, _ sequence: SampledSequence) -> Trajectory {
        Trajectory(transitions: [transition(prompt, sequence)])
    }

    /// All episodes of a group of environments, side by side.
    private func converse(
        _ make: @escaping @Sendable () async throws -> any MessageEnv, index: Int, row: Int, step: Int,
        sampler: any SamplingClient
    ) async -> Result<RolloutGroup, any Error> {
        do {
            let episodes = try await withThrowingTaskGroup(of: (Int, [Message], Trajectory).self) { tasks in
                for sample in 0..<dataset.groupSize {
                    tasks.addTask {
                        do {
                            let env = try await make()
                            let first = try await env.initialObservation()
                            let episode = try await play(
                                env, first, key: [step, index, sample], sampler: sampler)
                            return (sample, first, episode)
                        } catch {
                            throw RolloutFailure(
                                group: index, sample: sample, row: row, prompt: "", underlying: error)
                        }
                    }
                }
                var episodes: [(Int, [Message], Trajectory)] = []
                for try await episode in tasks { episodes.append(episode) }
                return episodes.sorted { $0.0 < $1.0 }
            }
            return .success(group(index, row, episodes.first?.1 ?? [], episodes.map(\.2)))
        } catch {
            return .failure(error)
        }
    }

    /// One conversation to its end. A reply that was cut off or cannot be read ends it before the environment is asked
    /// (section 4.2).
    private func play(
        _ env: any MessageEnv, _ first: [Message], key: [Int], sampler: any SamplingClient
    ) async throws -> Trajectory {
        var trajectory = Trajectory(transitions: [])
        var messages = first
        while true {
            let request = try request(messages, count: 1, key: key + [trajectory.transitions.count], sampler: sampler)
            guard let sequence = try await request.response.value.sequences.first else {
                throw TrainingError.emptyInput("the service's list of samples")
            }
            var turn = transition(request.prompt, sequence)
            if sequence.stopReason == .length {
                turn.reward = config.overflowReward
                turn.metrics = ["stop/max_tokens": 1]
            } else if !turn.termination.isClean {
                turn.reward = config.parseErrorReward
                turn.metrics = ["stop/parse_error": 1]
            } else {
                let result = try await env.step(turn.message)
                guard result.reward.isFinite else { throw RolloutFailure.notFinite(result.reward) }
                turn.reward = result.reward
                turn.metrics = result.metrics
                turn.episodeDone = result.episodeDone
                if !result.episodeDone {
                    messages = result.nextMessages
                    let next = try renderer.buildGenerationPrompt(messages)
                    if next.length >= sampler.maxContextLength {
                        turn.reward = config.overflowReward
                        turn.metrics["stop/context_overflow"] = 1
                        turn.episodeDone = true
                    }
                }
            }
            trajectory.transitions.append(turn)
            trajectory.metrics.merge(turn.metrics) { $0 + $1 }
            if turn.episodeDone { return trajectory }
        }
    }
}

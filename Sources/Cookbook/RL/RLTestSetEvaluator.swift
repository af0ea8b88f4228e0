/// The policy's rewards on held-out rows: `test/env/all/…`.
public struct RLTestSetEvaluator: Evaluator {
    /// The prefix of its metrics.
    public let name: String
    private let dataset: any RLDataset
    private let config: RLConfig

    /// An evaluator of a data set, sampled as the settings say, with the same seeds each time.
    public init(name: String = "test", dataset: any RLDataset, config: RLConfig) {
        self.name = name
        self.dataset = dataset
        self.config = config
    }

    /// Draws a group of replies to every row.
    public func evaluate(_ context: EvaluationContext) async throws -> Evaluation {
        let rollouts = Rollouts(
            dataset: dataset, renderer: context.renderer, config: config, progress: context.progress,
            label: "evaluation: \(name)")
        // A key that no training step has.
        let outcome = try await rollouts.run(
            rows: Array(0..<dataset.count), step: -1, sampler: try await context.weights.sampler())
        return Evaluation(
            metrics: RolloutMetrics.of(outcome.groups, prefix: "\(name)/env"),
            samples: outcome.groups.flatMap { group in
                group.trajectories.map { trajectory in
                    EvaluationSample(
                        prompt: group.prompt, response: trajectory.response,
                        tokens: trajectory.transitions.reduce(0) { $0 + $1.action.count },
                        endedByStop: trajectory.endedCleanly, score: trajectory.totalReward)
                }
            })
    }
}

public import TrainingAPI

/// Reinforcement learning from rewards of groups of replies.
public enum RL {
    /// Begins a run, or goes on with the one in `log_path`. Nothing is trained when the data set's judge did not pass
    /// its gate.
    public static func start(
        _ config: RLConfig, dataset: any RLDataset, test: (any RLDataset)? = nil, evaluators: [any Evaluator] = [],
        service: any TrainingService, progress: any ProgressSink = SilentProgress()
    ) async throws -> Run {
        let loss = try config.loss()
        try dataset.validate()
        guard dataset.groupSize > 0 else { throw CookbookError.usage("group_size must be at least 1") }
        _ = try StepPlan(
            rows: dataset.count, batchSize: dataset.batchSize, settings: config.run, what: "the prompts")
        let opening = try await RunOpening(
            stage: "rl", settings: config.run, service: service, progress: progress)
        let stage = try await RLStage(
            config: config, loss: loss, dataset: dataset, test: test, evaluators: evaluators, opening: opening,
            service: service)
        return try Run(stage: stage, opening: opening, config: config)
    }

    /// Takes all steps, evaluates the final weights and saves them.
    public static func train(
        _ config: RLConfig, dataset: any RLDataset, test: (any RLDataset)? = nil, evaluators: [any Evaluator] = [],
        service: any TrainingService, progress: any ProgressSink = SilentProgress()
    ) async throws -> Run {
        let run = try await start(
            config, dataset: dataset, test: test, evaluators: evaluators, service: service, progress: progress)
        try await run.trainToEnd()
        return run
    }
}

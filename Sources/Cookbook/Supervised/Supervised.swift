public import TrainingAPI

/// Supervised fine-tuning: cross-entropy on the assistant's tokens, the mean over each conversation.
public enum Supervised {
    /// Begins a run, or goes on with the one in `log_path`. `test` rows are measured whole by a `NLLEvaluator`.
    public static func start(
        _ config: SupervisedConfig, train: [[Message]], test: [[Message]] = [], evaluators: [any Evaluator] = [],
        service: any TrainingService, progress: any ProgressSink = SilentProgress()
    ) async throws -> Run {
        guard config.submitAhead >= 0 else {
            throw CookbookError.usage("submit_ahead is \(config.submitAhead), but must be at least 0")
        }
        // Checked before any model is loaded, so that a wrong batch size costs nothing.
        _ = try StepPlan(rows: train.count, batchSize: config.batchSize, settings: config.run, what: "the training set")
        let opening = try await RunOpening(
            stage: "supervised", settings: config.run, service: service, progress: progress)
        let stage = try SupervisedStage(
            config: config, train: train, test: test, evaluators: evaluators, opening: opening)
        return try Run(stage: stage, opening: opening, config: config)
    }

    /// Takes all steps, evaluates the final weights and saves them.
    public static func train(
        _ config: SupervisedConfig, train: [[Message]], test: [[Message]] = [], evaluators: [any Evaluator] = [],
        service: any TrainingService, progress: any ProgressSink = SilentProgress()
    ) async throws -> Run {
        let run = try await start(
            config, train: train, test: test, evaluators: evaluators, service: service, progress: progress)
        try await run.trainToEnd()
        return run
    }
}

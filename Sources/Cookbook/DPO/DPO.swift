public import TrainingAPI

/// Direct preference optimization: a policy learns from comparisons without a preference model between them (Rafailov et al.,
/// 2023).
public enum DPO {
    /// Begins a run, or goes on with the one in `log_path`. The reference is the policy that the run begins with: the weights of
    /// `load_checkpoint_path`, else the base model.
    public static func start(
        _ config: DPOConfig, data: PreferenceData, evaluators: [any Evaluator] = [], service: any TrainingService,
        progress: any ProgressSink = SilentProgress()
    ) async throws -> Run {
        try config.validate()
        // Checked before any model is loaded, so that a wrong batch size costs nothing.
        _ = try StepPlan(
            rows: data.train.count, batchSize: config.batchSize, settings: config.run, what: "the comparisons")
        let opening = try await RunOpening(stage: "dpo", settings: config.run, service: service, progress: progress)
        let stage = try await DPOStage(
            config: config, data: data, evaluators: evaluators, opening: opening, service: service)
        return try Run(stage: stage, opening: opening, config: config)
    }

    /// Takes all steps, evaluates the final weights and saves them.
    public static func train(
        _ config: DPOConfig, data: PreferenceData, evaluators: [any Evaluator] = [], service: any TrainingService,
        progress: any ProgressSink = SilentProgress()
    ) async throws -> Run {
        let run = try await start(config, data: data, evaluators: evaluators, service: service, progress: progress)
        try await run.trainToEnd()
        return run
    }
}

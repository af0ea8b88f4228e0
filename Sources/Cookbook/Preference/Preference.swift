public import TrainingAPI

/// Training of preference models.
public enum Preference {
    /// Begins a run, or goes on with the one in `log_path`. The test rows decide whether the model may serve as a
    /// reward. `index` is told of every checkpoint, so that other sessions find it.
    public static func start(
        _ config: PreferenceConfig, data: PreferenceData, evaluators: [any Evaluator] = [],
        service: any TrainingService, index: PreferenceModelIndex? = nil, progress: any ProgressSink = SilentProgress()
    ) async throws -> Run {
        guard config.kind != .rule else {
            throw CookbookError.usage("a rule cannot be trained", hint: "kind is bradley_terry or comparator")
        }
        _ = try StepPlan(
            rows: data.train.count, batchSize: config.batchSize, settings: config.run, what: "the comparisons")
        let multipleTargets = try await service.serverCapabilities().value.supportsMultipleTargets
        let opening = try await RunOpening(
            stage: "preference", settings: config.run, service: service, progress: progress)
        let stage = try PreferenceStage(
            config: config, data: data, evaluators: evaluators, opening: opening, index: index, multipleTargets: multipleTargets)
        return try Run(stage: stage, opening: opening, config: config)
    }

    /// Takes all steps, measures the final weights, and saves them with the gate's verdict.
    public static func train(
        _ config: PreferenceConfig, data: PreferenceData, evaluators: [any Evaluator] = [],
        service: any TrainingService, index: PreferenceModelIndex? = nil, progress: any ProgressSink = SilentProgress()
    ) async throws -> Run {
        let run = try await start(
            config, data: data, evaluators: evaluators, service: service, index: index, progress: progress)
        try await run.trainToEnd()
        return run
    }
}

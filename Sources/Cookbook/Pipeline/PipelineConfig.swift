/// Settings of the three stages in one call. Each stage has a folder of its own, `sft`, `rm` and `rl`, in the
/// pipeline's; log path, model and renderer of the stages' own settings are filled in from the pipeline's.
public struct PipelineConfig: Sendable, Equatable {
    /// The folder of the stages' folders.
    public var logPath: String
    /// The base model of all three stages.
    public var modelName: String
    /// What writes the conversations of all three stages; nil takes the one recommended for the model.
    public var rendererName: String?
    /// Whether a stage runs; one that does not must have run before, and its last checkpoint is used.
    public var runSft = true
    /// Whether the preference model is trained.
    public var runRm = true
    /// Whether RL runs.
    public var runRl = true
    /// The settings of supervised fine-tuning.
    public var sft: SupervisedConfig
    /// The settings of the preference model.
    public var rm: PreferenceConfig
    /// The settings of RL.
    public var rl: RLConfig
    /// The number of replies to each prompt of a step, and of prompts in a step.
    public var groupSize = 4
    /// The number of prompts in a step of RL.
    public var groupsPerBatch = 8
    /// Which replies to a prompt are compared.
    public var tournamentPattern = TournamentPattern.allPairsBothWays
    /// Lets a preference model that did not pass its gate serve as the reward.
    public var allowUngated = false
    /// One step of each stage: shows in a minute that everything works.
    public var smoke = false

    /// Settings of the stages, with the recipe's learning rates.
    public init(logPath: String, modelName: String, rendererName: String? = nil, maxTokens: Int = 64) {
        self.logPath = logPath
        self.modelName = modelName
        self.rendererName = rendererName
        let settings = RunSettings(logPath: logPath, modelName: modelName, rendererName: rendererName)
        sft = SupervisedConfig(run: settings)
        sft.run.learningRate = 2e-4
        rm = PreferenceConfig(run: settings)
        rm.run.learningRate = 3e-4
        rl = RLConfig(run: settings, maxTokens: maxTokens)
        rl.run.learningRate = 1e-5
        rl.run.lrSchedule = .constant
    }

    /// The settings with what the pipeline decides filled in.
    var completed: PipelineConfig {
        var config = self
        let folder = RunDirectory(path: logPath)
        func complete(_ settings: inout RunSettings, _ name: String) {
            settings.logPath = folder.file(name)
            settings.modelName = modelName
            settings.rendererName = settings.rendererName ?? rendererName
            if smoke { settings.maxSteps = 1 }
        }
        complete(&config.sft.run, "sft")
        complete(&config.rm.run, "rm")
        complete(&config.rl.run, "rl")
        if smoke { config.allowUngated = true }
        return config
    }
}

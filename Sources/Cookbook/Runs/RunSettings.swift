import TrainingAPI

/// What every stage runner can be told. `0` turns an `every` off.
public struct RunSettings: Sendable, Equatable, Codable {
    /// The run's folder.
    public var logPath: String
    /// The base model, as the service names it.
    public var modelName: String
    /// What writes the conversations; nil takes the one recommended for the model.
    public var rendererName: String?
    /// The learning rate before the schedule.
    public var learningRate: Double
    /// How the learning rate falls over the run.
    public var lrSchedule: LearningRateSchedule
    /// How often the rows are gone through.
    public var numEpochs: Int
    /// The rank of the adapter.
    public var loraRank: Int
    /// Whether the adapter covers the feed-forward layers.
    public var trainMlp = true
    /// Whether it covers the attention layers.
    public var trainAttn = true
    /// Whether it covers the output layer.
    public var trainUnembed = true
    /// Saves a checkpoint after this many steps.
    public var saveEvery = 20
    /// Evaluates before every step that this divides; the final weights are always evaluated.
    public var evalEvery = 10
    /// The most steps; nil means as many as the epochs have.
    public var maxSteps: Int?
    /// Saved state (`tinker://RUN/weights/NAME`) whose weights the run begins with.
    public var loadCheckpointPath: String?
    /// Fixes the order of the rows, the adapter's first weights and what is sampled.
    public var seed = 0
    /// Decay of the gradient's running mean.
    public var adamBeta1 = 0.9
    /// Decay of its square's running mean.
    public var adamBeta2 = 0.95
    /// Keeps the optimizer from dividing by zero.
    public var adamEps = 1e-8
    /// Decoupled weight decay.
    public var weightDecay = 0.0
    /// The largest norm of the gradient; 0 means no clipping.
    public var gradClipNorm = 0.0
    /// What to do when the folder holds a run.
    public var behaviorIfLogDirExists = LogDirPolicy.resume

    /// Settings with the Python cookbook's defaults.
    public init(
        logPath: String, modelName: String, rendererName: String? = nil, learningRate: Double = 1e-4,
        lrSchedule: LearningRateSchedule = .linear, numEpochs: Int = 1, loraRank: Int = 32
    ) {
        self.logPath = logPath
        self.modelName = modelName
        self.rendererName = rendererName
        self.learningRate = learningRate
        self.lrSchedule = lrSchedule
        self.numEpochs = numEpochs
        self.loraRank = loraRank
    }

    /// The optimizer's settings for a step.
    func adam(step: Int, total: Int) -> AdamParams {
        AdamParams(
            learningRate: learningRate * lrSchedule.multiplier(step: step, total: total), beta1: adamBeta1,
            beta2: adamBeta2, eps: adamEps, weightDecay: weightDecay, gradClipNorm: gradClipNorm)
    }

    /// Throws `usage` for a value that no run can work with.
    func validate() throws(CookbookError) {
        guard !logPath.isEmpty else { throw .usage("log_path is empty", hint: "name a folder for the run") }
        guard learningRate.isFinite, learningRate >= 0 else {
            throw .usage("learning_rate is \(learningRate), but must be a number of at least 0")
        }
        guard loraRank > 0 else { throw .usage("lora_rank is \(loraRank), but must be at least 1") }
        for (name, value) in [("save_every", saveEvery), ("eval_every", evalEvery)] where value < 0 {
            throw .usage("\(name) is \(value), but must be at least 0", hint: "0 turns it off")
        }
    }
}

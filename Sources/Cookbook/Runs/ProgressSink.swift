/// How far a stage has come.
public struct StageProgress: Sendable, Equatable {
    /// What is being done, for instance `supervised` or `supervised: evaluation`.
    public var stage: String
    /// How many units are done.
    public var done: Int
    /// How many there are.
    public var total: Int
    /// What is counted, in the singular: `step`, `row`, `prompt`; `B` for bytes.
    public var unit: String
    /// What else is worth a glance, for instance `train_mean_nll 1.87`.
    public var detail: String
    /// The present value of the stage's main metric, if it has one.
    public var value: Double?

    /// How far a stage has come.
    public init(stage: String, done: Int, total: Int, unit: String = "step", detail: String = "", value: Double? = nil) {
        self.stage = stage
        self.done = done
        self.total = total
        self.unit = unit
        self.detail = detail
        self.value = value
    }
}

/// Where runners tell how far they are. Called from any thread; must return at once.
public protocol ProgressSink: Sendable {
    /// Takes note of how far a stage has come.
    func report(_ progress: StageProgress)
    /// Takes a sentence that the user should read, for instance about rows left out.
    func note(_ message: String)
}

/// A sink that drops everything.
public struct SilentProgress: ProgressSink {
    /// A sink that drops everything.
    public init() {}
    /// Does nothing.
    public func report(_ progress: StageProgress) {}
    /// Does nothing.
    public func note(_ message: String) {}
}

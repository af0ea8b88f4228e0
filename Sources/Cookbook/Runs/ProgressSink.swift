/// How far a stage has come.
public struct StageProgress: Sendable, Equatable {
    /// A metric that is worth a glance, and its course so far.
    public struct Course: Sendable, Equatable {
        /// What the metric is called, for instance `train_mean_nll`.
        public var name: String
        /// What was measured so far, the oldest first; never empty.
        public var values: [Double]

        /// A metric's course.
        public init(name: String, values: [Double]) { (self.name, self.values) = (name, values) }
    }

    /// What is being done, for instance `supervised` or `supervised: evaluation`.
    public var stage: String
    /// How many units are done.
    public var done: Int
    /// How many there are.
    public var total: Int
    /// What is counted, in the singular: `step`, `row`, `prompt`; `B` for bytes.
    public var unit: String
    /// The stage's main metrics, the most telling first.
    public var courses: [Course]

    /// How far a stage has come.
    public init(stage: String, done: Int, total: Int, unit: String = "step", courses: [Course] = []) {
        self.stage = stage
        self.done = done
        self.total = total
        self.unit = unit
        self.courses = courses
    }
}

/// Where runners tell how far they are. Called from any thread; must return at once.
public protocol ProgressSink: Sendable {
    /// Takes note of how far a stage has come.
    func report(_ progress: StageProgress)
    /// Takes note of what a step has been trained on, for whoever wants to look at it.
    func trained(on batch: TrainingBatch, stage: String, renderer: any Renderer)
    /// Takes a sentence that the user should read, for instance about rows left out.
    func note(_ message: String)
}

extension ProgressSink {
    /// Does nothing: not every sink has somebody who looks on.
    public func trained(on batch: TrainingBatch, stage: String, renderer: any Renderer) {}
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

/// One line of `checkpoints.jsonl`. A checkpoint counts once its record is on disk.
public struct CheckpointRecord: Sendable, Equatable, Codable {
    /// The number of steps taken, six digits, or `final`.
    public var name: String
    /// The same as `nextStep`, under the name that the Python cookbook uses.
    public var batch: Int
    /// The epoch that `nextStep` lies in.
    public var epoch: Int
    /// True for the checkpoint that `finish` wrote.
    public var final: Bool?
    /// `tinker://RUN/weights/NAME`: weights and optimizer.
    public var statePath: String?
    /// `tinker://RUN/sampler_weights/NAME`: weights to sample or score with.
    public var samplerPath: String?
    /// The first step that these weights have not seen: where a resumed run goes on.
    public var nextStep: Int
    /// The kind of training, so that one run never goes on from another's checkpoint.
    public var stage: String?
    /// What the conversations were written with.
    public var rendererName: String?
    /// The policy that the KL penalty holds on to, so that a resumed run holds on to the same.
    public var klReferencePath: String?
    /// The policy that DPO measures rewards against, so that a resumed run measures against the same.
    public var dpoReferencePath: String?

    /// A record of saved weights.
    public init(
        name: String, nextStep: Int, epoch: Int, final: Bool? = nil, statePath: String? = nil,
        samplerPath: String? = nil, stage: String? = nil, rendererName: String? = nil, klReferencePath: String? = nil,
        dpoReferencePath: String? = nil
    ) {
        self.name = name
        batch = nextStep
        self.epoch = epoch
        self.final = final
        self.statePath = statePath
        self.samplerPath = samplerPath
        self.nextStep = nextStep
        self.stage = stage
        self.rendererName = rendererName
        self.klReferencePath = klReferencePath
        self.dpoReferencePath = dpoReferencePath
    }
}

/// Reading checkpoints by the folder of their run.
public enum CheckpointUtils {
    /// Which path a checkpoint must have.
    public enum RequiredKey: String, Sendable, CaseIterable {
        case statePath = "state_path"
        case samplerPath = "sampler_path"
    }

    /// The last record that has the path; nil if there is none. Throws `CookbookError.data` for a broken file.
    public static func getLastCheckpoint(
        _ logPath: String, requiredKey: RequiredKey = .statePath
    ) throws -> CheckpointRecord? {
        try RunDirectory(path: logPath).checkpoints().last { record in
            switch requiredKey {
            case .statePath: record.statePath != nil
            case .samplerPath: record.samplerPath != nil
            }
        }
    }
}

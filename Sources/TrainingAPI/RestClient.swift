/// What a service keeps: training runs and their checkpoints.
public protocol RestClient: Sendable {
    /// A part of the runs, those used last first.
    func trainingRuns(limit: Int, offset: Int) -> Future<[TrainingRun]>

    /// The run of an id.
    func trainingRun(_ id: String) -> Future<TrainingRun>

    /// All checkpoints of a run.
    func checkpoints(ofRun id: String) -> Future<[Checkpoint]>

    /// A part of the checkpoints of all runs, the newest first.
    func checkpoints(limit: Int, offset: Int) -> Future<[Checkpoint]>

    /// What the weights at a `tinker://` path are made of.
    func weightsInfo(path: String) -> Future<WeightsInfo>

    /// Deletes a checkpoint for good.
    func deleteCheckpoint(path: String) -> Future<Void>

    /// Lets others use a checkpoint, or no longer.
    func setPublished(_ isPublic: Bool, path: String) -> Future<Void>

    /// Deletes a checkpoint after so many seconds from now; nil keeps it.
    func setTimeToLive(seconds: Int?, path: String) -> Future<Void>

    /// Puts the files of a checkpoint's adapter into a folder, which is made and must not exist. `progress` is told the bytes that
    /// have come and how many there are, where that is known.
    func download(
        path: String, to folder: String, progress: @escaping @Sendable (_ done: Int, _ total: Int?) -> Void
    ) -> Future<DownloadedCheckpoint>
}

/// A model that was trained.
public struct TrainingRun: Sendable, Equatable {
    /// Its id, which is the first part of its checkpoints' paths.
    public var id: String
    /// The base model.
    public var baseModel: String
    /// The rank of its adapter, if it is one.
    public var loraRank: Int?
    /// When it was last used (ISO 8601).
    public var lastRequestTime: String
    /// Whether it can no longer be used.
    public var isCorrupted: Bool
    /// The newest checkpoint with the optimizer.
    public var lastCheckpoint: Checkpoint?
    /// The newest checkpoint for sampling.
    public var lastSamplerCheckpoint: Checkpoint?

    /// Made of its parts.
    public init(
        id: String, baseModel: String, loraRank: Int?, lastRequestTime: String, isCorrupted: Bool = false,
        lastCheckpoint: Checkpoint? = nil, lastSamplerCheckpoint: Checkpoint? = nil
    ) {
        self.id = id
        self.baseModel = baseModel
        self.loraRank = loraRank
        self.lastRequestTime = lastRequestTime
        self.isCorrupted = isCorrupted
        self.lastCheckpoint = lastCheckpoint
        self.lastSamplerCheckpoint = lastSamplerCheckpoint
    }
}

/// Saved weights.
public struct Checkpoint: Sendable, Equatable {
    /// Its name within the run: `weights/NAME` or `sampler_weights/NAME`.
    public var id: String
    /// `training`, `sampler` or `external`.
    public var type: String
    /// When it was saved (ISO 8601).
    public var time: String
    /// `tinker://RUN/weights/NAME`.
    public var path: String
    /// The size of its files.
    public var sizeBytes: Int?
    /// Whether others may use it.
    public var isPublic: Bool
    /// When it will be deleted (ISO 8601).
    public var expiresAt: String?

    /// Made of its parts.
    public init(
        id: String, type: String, time: String, path: String, sizeBytes: Int?, isPublic: Bool = false, expiresAt: String? = nil
    ) {
        self.id = id
        self.type = type
        self.time = time
        self.path = path
        self.sizeBytes = sizeBytes
        self.isPublic = isPublic
        self.expiresAt = expiresAt
    }
}

/// What saved weights are made of.
public struct WeightsInfo: Sendable, Equatable {
    /// The base model.
    public var baseModel: String
    /// The adapter's rank, if it is one.
    public var loraRank: Int?

    /// Made of its parts.
    public init(baseModel: String, loraRank: Int?) {
        self.baseModel = baseModel
        self.loraRank = loraRank
    }
}

/// The files of a checkpoint on this machine.
public struct DownloadedCheckpoint: Sendable, Equatable {
    /// A file and its hash.
    public struct File: Sendable, Equatable {
        /// Its name in the folder.
        public var name: String
        /// Its size.
        public var bytes: Int
        /// SHA-256 of its bytes, in hexadecimal digits.
        public var sha256: String

        /// Made of its parts.
        public init(name: String, bytes: Int, sha256: String) {
            self.name = name
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    /// The folder.
    public var folder: String
    /// What lies in it, by name.
    public var files: [File]
    /// SHA-256 of the archive in which the files came, if they came in one.
    public var archiveSHA256: String?

    /// Made of its parts.
    public init(folder: String, files: [File], archiveSHA256: String?) {
        self.folder = folder
        self.files = files
        self.archiveSHA256 = archiveSHA256
    }
}

public import JSON

extension Wire {
    /// A model of the user and its last checkpoints (`GET /training_runs/RUN`).
    public struct TrainingRun: Sendable, Equatable {
        /// The model's id.
        public var trainingRunID: String
        /// The base model.
        public var baseModel: String
        /// Whose it is.
        public var modelOwner: String
        /// Whether an adapter is trained.
        public var isLora: Bool
        /// Whether it can no longer be used.
        public var isCorrupted: Bool
        /// The inner width of the adapter.
        public var loraRank: Int?
        /// When it was last used (ISO 8601).
        public var lastRequestTime: String
        /// The last one with the optimizer.
        public var lastCheckpoint: Checkpoint?
        /// The last one for sampling.
        public var lastSamplerCheckpoint: Checkpoint?
        /// Notes of the user.
        public var userMetadata: [String: JSONValue]?

        /// Made of its parts.
        public init(
            trainingRunID: String, baseModel: String, modelOwner: String, isLora: Bool, isCorrupted: Bool = false,
            loraRank: Int? = nil, lastRequestTime: String, lastCheckpoint: Checkpoint? = nil,
            lastSamplerCheckpoint: Checkpoint? = nil, userMetadata: [String: JSONValue]? = nil
        ) {
            self.trainingRunID = trainingRunID
            self.baseModel = baseModel
            self.modelOwner = modelOwner
            self.isLora = isLora
            self.isCorrupted = isCorrupted
            self.loraRank = loraRank
            self.lastRequestTime = lastRequestTime
            self.lastCheckpoint = lastCheckpoint
            self.lastSamplerCheckpoint = lastSamplerCheckpoint
            self.userMetadata = userMetadata
        }
    }
}

extension Wire.TrainingRun: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        trainingRunID = try json.value("training_run_id")
        baseModel = try json.value("base_model")
        modelOwner = try json.value("model_owner")
        isLora = try json.value("is_lora")
        isCorrupted = try json.value("corrupted", default: false)
        loraRank = try json.optional("lora_rank")
        lastRequestTime = try json.value("last_request_time")
        lastCheckpoint = try json.optional("last_checkpoint")
        lastSamplerCheckpoint = try json.optional("last_sampler_checkpoint")
        userMetadata = try json.optional("user_metadata")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("training_run_id", trainingRunID)
        json.member("base_model", baseModel)
        json.member("model_owner", modelOwner)
        json.member("is_lora", isLora)
        json.member("corrupted", isCorrupted)
        json.member("lora_rank", loraRank)
        json.member("last_request_time", lastRequestTime)
        json.member("last_checkpoint", lastCheckpoint)
        json.member("last_sampler_checkpoint", lastSamplerCheckpoint)
        json.member("user_metadata", userMetadata)
    }
}

extension Wire {
    /// Models of the user (`GET /training_runs`).
    public struct TrainingRunList: Sendable, Equatable {
        /// The models.
        public var trainingRuns: [TrainingRun]
        /// Which part of the list this is.
        public var cursor: Cursor?

        /// Made of its parts.
        public init(trainingRuns: [TrainingRun], cursor: Cursor? = nil) {
            self.trainingRuns = trainingRuns
            self.cursor = cursor
        }
    }
}

extension Wire.TrainingRunList: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        trainingRuns = try json.value("training_runs")
        cursor = try json.optional("cursor")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("training_runs", trainingRuns)
        json.member("cursor", cursor)
    }
}

public import JSON

extension Wire {
    /// Loads saved weights (`POST /load_weights`), into a model that was just created (`modelID` and `sequenceID`) or into one that
    /// this call creates (`sessionID` and `modelSequenceID`).
    public struct LoadWeightsRequest: Sendable, Equatable {
        /// The model.
        public var modelID: String?
        /// The call's place among the model's calls.
        public var sequenceID: Int?
        /// The session that owns the new model.
        public var sessionID: String?
        /// The new model's number.
        public var modelSequenceID: Int?
        /// `tinker://RUN/weights/NAME`.
        public var path: String
        /// Whether the optimizer is loaded, too, or begins afresh.
        public var optimizer: Bool
        /// The base model.
        public var baseModel: String?
        /// Notes of the user.
        public var userMetadata: [String: JSONValue]?
        /// The optimizer.
        public var optimizerConfig: OptimizerConfig?
        /// Opens another user's weights.
        public var accessToken: String?

        /// Made of its parts.
        public init(
            modelID: String? = nil, sequenceID: Int? = nil, sessionID: String? = nil, modelSequenceID: Int? = nil,
            path: String, optimizer: Bool = false, baseModel: String? = nil, userMetadata: [String: JSONValue]? = nil,
            optimizerConfig: OptimizerConfig? = nil, accessToken: String? = nil
        ) {
            self.modelID = modelID
            self.sequenceID = sequenceID
            self.sessionID = sessionID
            self.modelSequenceID = modelSequenceID
            self.path = path
            self.optimizer = optimizer
            self.baseModel = baseModel
            self.userMetadata = userMetadata
            self.optimizerConfig = optimizerConfig
            self.accessToken = accessToken
        }
    }
}

extension Wire.LoadWeightsRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelID = try json.optional("model_id")
        sequenceID = try json.optional("seq_id")
        sessionID = try json.optional("session_id")
        modelSequenceID = try json.optional("model_seq_id")
        path = try json.value("path")
        optimizer = try json.value("optimizer", default: false)
        baseModel = try json.optional("base_model")
        userMetadata = try json.optional("user_metadata")
        optimizerConfig = try json.optional("optimizer_config")
        accessToken = try json.optional("weights_access_token")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("load_weights")
        json.member("model_id", modelID)
        json.member("seq_id", sequenceID)
        json.member("session_id", sessionID)
        json.member("model_seq_id", modelSequenceID)
        json.member("path", path)
        json.member("optimizer", optimizer)
        json.member("base_model", baseModel)
        json.member("user_metadata", userMetadata)
        json.member("optimizer_config", optimizerConfig)
        json.member("weights_access_token", accessToken)
    }
}

extension Wire {
    /// The weights that were loaded.
    public struct LoadWeightsResult: Sendable, Equatable {
        /// Where from.
        public var path: String?
        /// The model.
        public var modelID: String?

        /// Made of its parts.
        public init(path: String? = nil, modelID: String? = nil) {
            self.path = path
            self.modelID = modelID
        }
    }
}

extension Wire.LoadWeightsResult: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        path = try json.optional("path")
        modelID = try json.optional("model_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "load_weights")
        json.member("path", path)
        json.member("model_id", modelID)
    }
}

extension Wire {
    /// Asks what saved weights are (`POST /weights_info`).
    public struct WeightsInfoRequest: Sendable, Equatable {
        /// `tinker://RUN/weights/NAME`.
        public var tinkerPath: String

        /// Made of its parts.
        public init(tinkerPath: String) {
            self.tinkerPath = tinkerPath
        }
    }
}

extension Wire.WeightsInfoRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        tinkerPath = try json.value("tinker_path")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("tinker_path", tinkerPath)
    }
}

extension Wire {
    /// What saved weights are.
    public struct WeightsInfo: Sendable, Equatable {
        /// The base model.
        public var baseModel: String
        /// Whether they are an adapter.
        public var isLora: Bool
        /// The inner width of the adapter.
        public var loraRank: Int?
        /// Whether the unembedding is adapted.
        public var trainUnembed: Bool?
        /// Whether the MLP is adapted.
        public var trainMlp: Bool?
        /// Whether attention is adapted.
        public var trainAttn: Bool?
        /// The optimizer.
        public var optimizerConfig: OptimizerConfig?

        /// Made of its parts.
        public init(
            baseModel: String, isLora: Bool, loraRank: Int? = nil, trainUnembed: Bool? = nil, trainMlp: Bool? = nil,
            trainAttn: Bool? = nil, optimizerConfig: OptimizerConfig? = nil
        ) {
            self.baseModel = baseModel
            self.isLora = isLora
            self.loraRank = loraRank
            self.trainUnembed = trainUnembed
            self.trainMlp = trainMlp
            self.trainAttn = trainAttn
            self.optimizerConfig = optimizerConfig
        }
    }
}

extension Wire.WeightsInfo: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        baseModel = try json.value("base_model")
        isLora = try json.value("is_lora")
        loraRank = try json.optional("lora_rank")
        trainUnembed = try json.optional("train_unembed")
        trainMlp = try json.optional("train_mlp")
        trainAttn = try json.optional("train_attn")
        optimizerConfig = try json.optional("optimizer_config")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("base_model", baseModel)
        json.member("is_lora", isLora)
        json.member("lora_rank", loraRank)
        json.member("train_unembed", trainUnembed)
        json.member("train_mlp", trainMlp)
        json.member("train_attn", trainAttn)
        json.member("optimizer_config", optimizerConfig)
    }
}

public import JSON
public import TrainingAPI

extension Wire {
    /// A fresh adapter over a base model (`POST /create_model`).
    public struct CreateModelRequest: Sendable, Equatable {
        /// The session that owns it.
        public var sessionID: String
        /// Counts the session's models from 0; the model's id is `SESSION:train:N`.
        public var modelSequenceID: Int
        /// The name of the base model.
        public var baseModel: String
        /// Notes of the user.
        public var userMetadata: [String: JSONValue]?
        /// What the adapter is made of; nil for the service's default.
        public var loraConfig: LoraConfig?
        /// The optimizer (SDK 0.29 and later).
        public var optimizerConfig: OptimizerConfig?

        /// Made of its parts.
        public init(
            sessionID: String, modelSequenceID: Int, baseModel: String, userMetadata: [String: JSONValue]? = nil,
            loraConfig: LoraConfig? = nil, optimizerConfig: OptimizerConfig? = nil
        ) {
            self.sessionID = sessionID
            self.modelSequenceID = modelSequenceID
            self.baseModel = baseModel
            self.userMetadata = userMetadata
            self.loraConfig = loraConfig
            self.optimizerConfig = optimizerConfig
        }
    }
}

extension Wire.CreateModelRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        sessionID = try json.value("session_id")
        modelSequenceID = try json.value("model_seq_id")
        baseModel = try json.value("base_model")
        userMetadata = try json.optional("user_metadata")
        loraConfig = try json.optional("lora_config")
        optimizerConfig = try json.optional("optimizer_config")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("create_model")
        json.member("session_id", sessionID)
        json.member("model_seq_id", modelSequenceID)
        json.member("base_model", baseModel)
        json.member("user_metadata", sparseNull: userMetadata)
        json.member("lora_config", loraConfig)
        json.member("optimizer_config", optimizerConfig)
    }
}

extension Wire {
    /// The model that was created.
    public struct CreateModelResult: Sendable, Equatable {
        /// Its id.
        public var modelID: String

        /// Made of its parts.
        public init(modelID: String) {
            self.modelID = modelID
        }
    }
}

extension Wire.CreateModelResult: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelID = try json.value("model_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "create_model")
        json.member("model_id", modelID)
    }
}

extension Wire {
    /// The kind of a model's optimizer.
    public struct OptimizerConfig: Sendable, Equatable {
        /// `adamw` or `dimuon`.
        public var kind: String
        /// The version of dimuon.
        public var version: Int?

        /// Made of its parts.
        public init(kind: String, version: Int? = nil) {
            self.kind = kind
            self.version = version
        }
    }
}

extension Wire.OptimizerConfig: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        kind = try json.value("type")
        version = try json.optional("version")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", kind)
        json.member("version", version)
    }
}

extension Wire {
    /// Asks about a model (`POST /get_info`).
    public struct ModelInfoRequest: Sendable, Equatable {
        /// The model's id.
        public var modelID: String

        /// Made of its parts.
        public init(modelID: String) {
            self.modelID = modelID
        }
    }
}

extension Wire.ModelInfoRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelID = try json.value("model_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("get_info")
        json.member("model_id", modelID)
    }
}

extension Wire {
    /// What a model is.
    public struct ModelInfo: Sendable, Equatable {
        /// Its id.
        public var modelID: String
        /// Its base model.
        public var modelData: ModelData
        /// Whether an adapter is trained rather than all weights.
        public var isLora: Bool?
        /// The inner width of the adapter.
        public var loraRank: Int?
        /// The base model's name once more.
        public var modelName: String?
        /// The optimizer.
        public var optimizerConfig: OptimizerConfig?

        /// Made of its parts.
        public init(
            modelID: String, modelData: ModelData, isLora: Bool? = nil, loraRank: Int? = nil, modelName: String? = nil,
            optimizerConfig: OptimizerConfig? = nil
        ) {
            self.modelID = modelID
            self.modelData = modelData
            self.isLora = isLora
            self.loraRank = loraRank
            self.modelName = modelName
            self.optimizerConfig = optimizerConfig
        }
    }
}

extension Wire.ModelInfo: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelID = try json.value("model_id")
        modelData = try json.value("model_data")
        isLora = try json.optional("is_lora")
        loraRank = try json.optional("lora_rank")
        modelName = try json.optional("model_name")
        optimizerConfig = try json.optional("optimizer_config")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "get_info")
        json.member("model_id", modelID)
        json.member("model_data", modelData)
        json.member("is_lora", isLora)
        json.member("lora_rank", loraRank)
        json.member("model_name", modelName)
        json.member("optimizer_config", optimizerConfig)
    }
}

extension Wire {
    /// A base model.
    public struct ModelData: Sendable, Equatable {
        /// The architecture, for instance `qwen3`.
        public var arch: String?
        /// The name.
        public var modelName: String
        /// The tokenizer's name on the Hugging Face hub; a colon is followed by a revision.
        public var tokenizerID: String?

        /// Made of its parts.
        public init(arch: String? = nil, modelName: String, tokenizerID: String? = nil) {
            self.arch = arch
            self.modelName = modelName
            self.tokenizerID = tokenizerID
        }
    }
}

extension Wire.ModelData: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        arch = try json.optional("arch")
        modelName = try json.value("model_name")
        tokenizerID = try json.optional("tokenizer_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("arch", arch)
        json.member("model_name", modelName)
        json.member("tokenizer_id", tokenizerID)
    }
}

extension Wire {
    /// Frees a model (`POST /unload_model`).
    public struct UnloadModelRequest: Sendable, Equatable {
        /// The model's id.
        public var modelID: String

        /// Made of its parts.
        public init(modelID: String) {
            self.modelID = modelID
        }
    }
}

extension Wire.UnloadModelRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelID = try json.value("model_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("unload_model")
        json.member("model_id", modelID)
    }
}

extension Wire {
    /// The model that was freed.
    public struct UnloadModelResult: Sendable, Equatable {
        /// Its id.
        public var modelID: String?

        /// Made of its parts.
        public init(modelID: String? = nil) {
            self.modelID = modelID
        }
    }
}

extension Wire.UnloadModelResult: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelID = try json.optional("model_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "unload_model")
        json.member("model_id", modelID)
    }
}

extension LoraConfig: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        try self.init(
            rank: json.value("rank", default: LoraConfig().rank), seed: json.optional("seed"),
            trainMlp: json.value("train_mlp", default: true), trainAttn: json.value("train_attn", default: true),
            trainUnembed: json.value("train_unembed", default: true))
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("rank", rank)
        json.member("seed", sparseNull: seed)
        json.member("train_unembed", trainUnembed)
        json.member("train_mlp", trainMlp)
        json.member("train_attn", trainAttn)
    }
}

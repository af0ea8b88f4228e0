package import JSON

extension Wire {
    /// Saves weights and optimizer (`POST /save_weights`).
    public struct SaveWeightsRequest: Sendable, Equatable {
        /// The model.
        public var modelID: String
        /// The checkpoint's name.
        public var path: String
        /// The call's place among the model's calls.
        public var sequenceID: Int?
        /// How long to keep it; nil for ever.
        public var ttlSeconds: Int?
        /// Whether a checkpoint of that name is replaced.
        public var overwrite: Bool?
        /// Notes of the user.
        public var userMetadata: [String: String]?

        /// Made of its parts.
        public init(
            modelID: String, path: String, sequenceID: Int? = nil, ttlSeconds: Int? = nil, overwrite: Bool? = nil,
            userMetadata: [String: String]? = nil
        ) {
            self.modelID = modelID
            self.path = path
            self.sequenceID = sequenceID
            self.ttlSeconds = ttlSeconds
            self.overwrite = overwrite
            self.userMetadata = userMetadata
        }
    }
}

extension Wire.SaveWeightsRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelID = try json.value("model_id")
        path = try json.value("path")
        sequenceID = try json.optional("seq_id")
        ttlSeconds = try json.optional("ttl_seconds")
        overwrite = try json.optional("overwrite")
        userMetadata = try json.optional("user_metadata")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("save_weights")
        json.member("model_id", modelID)
        json.member("path", path)
        json.member("seq_id", sequenceID)
        json.member("ttl_seconds", sparseNull: ttlSeconds)
        json.member("overwrite", overwrite)
        json.member("user_metadata", userMetadata)
    }
}

extension Wire {
    /// Where weights and optimizer were saved.
    public struct SaveWeightsResult: Sendable, Equatable {
        /// `tinker://RUN/weights/NAME`.
        public var path: String

        /// Made of its parts.
        public init(path: String) {
            self.path = path
        }
    }
}

extension Wire.SaveWeightsResult: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        path = try json.value("path")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "save_weights")
        json.member("path", path)
    }
}

extension Wire {
    /// Saves weights for sampling (`POST /save_weights_for_sampler`): under a name, or for one sampling session that begins at
    /// once.
    public struct SaveWeightsForSamplerRequest: Sendable, Equatable {
        /// The model.
        public var modelID: String
        /// The checkpoint's name; nil for a sampling session.
        public var path: String?
        /// The number of the sampling session; nil for a named checkpoint.
        public var samplingSessionSequenceID: Int?
        /// `snapshot`, or `inflight` for weights that later saves replace while they are sampled.
        public var kind: String?
        /// The call's place among the model's calls.
        public var sequenceID: Int?
        /// How long to keep it; nil for ever.
        public var ttlSeconds: Int?
        /// Notes of the user.
        public var userMetadata: [String: String]?

        /// Made of its parts.
        public init(
            modelID: String, path: String? = nil, samplingSessionSequenceID: Int? = nil, kind: String? = nil,
            sequenceID: Int? = nil, ttlSeconds: Int? = nil, userMetadata: [String: String]? = nil
        ) {
            self.modelID = modelID
            self.path = path
            self.samplingSessionSequenceID = samplingSessionSequenceID
            self.kind = kind
            self.sequenceID = sequenceID
            self.ttlSeconds = ttlSeconds
            self.userMetadata = userMetadata
        }
    }
}

extension Wire.SaveWeightsForSamplerRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelID = try json.value("model_id")
        path = try json.optional("path")
        samplingSessionSequenceID = try json.optional("sampling_session_seq_id")
        kind = try json.optional("kind")
        sequenceID = try json.optional("seq_id")
        ttlSeconds = try json.optional("ttl_seconds")
        userMetadata = try json.optional("user_metadata")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("save_weights_for_sampler")
        json.member("model_id", modelID)
        json.member("path", path)
        json.member("sampling_session_seq_id", samplingSessionSequenceID)
        json.member("kind", kind)
        json.member("seq_id", sequenceID)
        json.member("ttl_seconds", sparseNull: ttlSeconds)
        json.member("user_metadata", userMetadata)
    }
}

extension Wire {
    /// Where weights were saved for sampling.
    public struct SaveWeightsForSamplerResult: Sendable, Equatable {
        /// `tinker://RUN/sampler_weights/NAME`, if a name was given.
        public var path: String?
        /// The sampling session, if one was asked for.
        public var samplingSessionID: String?

        /// Made of its parts.
        public init(path: String? = nil, samplingSessionID: String? = nil) {
            self.path = path
            self.samplingSessionID = samplingSessionID
        }
    }
}

extension Wire.SaveWeightsForSamplerResult: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        path = try json.optional("path")
        samplingSessionID = try json.optional("sampling_session_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "save_weights_for_sampler")
        json.member("path", orNull: path)
        json.member("sampling_session_id", orNull: samplingSessionID)
    }
}

extension Wire {
    /// Saves an adapter for download (`POST /save_weights_external`, SDK 0.28 and later).
    public struct SaveWeightsExternalRequest: Sendable, Equatable {
        /// The model.
        public var modelID: String
        /// The checkpoint's name.
        public var path: String
        /// The call's place among the model's calls.
        public var sequenceID: Int?
        /// How long to keep it; nil for ever.
        public var ttlSeconds: Int?
        /// Public keys of age that the files are encrypted for.
        public var recipients: [String]?

        /// Made of its parts.
        public init(
            modelID: String, path: String, sequenceID: Int? = nil, ttlSeconds: Int? = nil, recipients: [String]? = nil
        ) {
            self.modelID = modelID
            self.path = path
            self.sequenceID = sequenceID
            self.ttlSeconds = ttlSeconds
            self.recipients = recipients
        }
    }
}

extension Wire.SaveWeightsExternalRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelID = try json.value("model_id")
        path = try json.value("path")
        sequenceID = try json.optional("seq_id")
        ttlSeconds = try json.optional("ttl_seconds")
        recipients = try json.optional("age_encryption_recipients")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("save_weights_external")
        json.member("model_id", modelID)
        json.member("path", path)
        json.member("seq_id", sequenceID)
        json.member("ttl_seconds", ttlSeconds)
        json.member("age_encryption_recipients", recipients)
    }
}

extension Wire {
    /// Where an adapter was saved for download.
    public struct SaveWeightsExternalResult: Sendable, Equatable {
        /// `tinker://RUN/external_weights/NAME`.
        public var path: String
        /// The size of its files.
        public var sizeBytes: Int?

        /// Made of its parts.
        public init(path: String, sizeBytes: Int? = nil) {
            self.path = path
            self.sizeBytes = sizeBytes
        }
    }
}

extension Wire.SaveWeightsExternalResult: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        path = try json.value("path")
        sizeBytes = try json.optional("size_bytes")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "save_weights_external")
        json.member("path", path)
        json.member("size_bytes", sizeBytes)
    }
}

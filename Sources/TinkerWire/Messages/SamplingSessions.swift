package import JSON

extension Wire {
    /// Opens a sampling session (`POST /create_sampling_session`) of a base model or of saved weights.
    public struct CreateSamplingSessionRequest: Sendable, Equatable {
        /// The session that owns it.
        public var sessionID: String
        /// Counts the session's samplers from 0; the sampler's id is `SESSION:sample:N`.
        public var samplingSessionSequenceID: Int
        /// The base model to sample.
        public var baseModel: String?
        /// The saved weights to sample, `tinker://RUN/sampler_weights/NAME`.
        public var modelPath: String?

        /// Made of its parts.
        public init(
            sessionID: String, samplingSessionSequenceID: Int, baseModel: String? = nil, modelPath: String? = nil
        ) {
            self.sessionID = sessionID
            self.samplingSessionSequenceID = samplingSessionSequenceID
            self.baseModel = baseModel
            self.modelPath = modelPath
        }
    }
}

extension Wire.CreateSamplingSessionRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        sessionID = try json.value("session_id")
        samplingSessionSequenceID = try json.value("sampling_session_seq_id")
        baseModel = try json.optional("base_model")
        modelPath = try json.optional("model_path")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("create_sampling_session")
        json.member("session_id", sessionID)
        json.member("sampling_session_seq_id", samplingSessionSequenceID)
        json.member("base_model", sparseNull: baseModel)
        json.member("model_path", sparseNull: modelPath)
    }
}

extension Wire {
    /// The sampling session that was opened.
    public struct CreateSamplingSessionResponse: Sendable, Equatable {
        /// Its id.
        public var samplingSessionID: String

        /// Made of its parts.
        public init(samplingSessionID: String) {
            self.samplingSessionID = samplingSessionID
        }
    }
}

extension Wire.CreateSamplingSessionResponse: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        samplingSessionID = try json.value("sampling_session_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "create_sampling_session")
        json.member("sampling_session_id", samplingSessionID)
    }
}

extension Wire {
    /// Asks for a number for a copy of a sampling client (`POST /join_sampling_session`).
    public struct JoinSamplingSessionRequest: Sendable, Equatable {
        /// The sampling session.
        public var samplingSessionID: String

        /// Made of its parts.
        public init(samplingSessionID: String) {
            self.samplingSessionID = samplingSessionID
        }
    }
}

extension Wire.JoinSamplingSessionRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        samplingSessionID = try json.value("sampling_session_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("join_sampling_session")
        json.member("sampling_session_id", samplingSessionID)
    }
}

extension Wire {
    /// A copy's number.
    public struct JoinSamplingSessionResponse: Sendable, Equatable {
        /// The copy's sequence ids begin at a thousand million times this.
        public var clientCounter: Int

        /// Made of its parts.
        public init(clientCounter: Int) {
            self.clientCounter = clientCounter
        }
    }
}

extension Wire.JoinSamplingSessionResponse: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        clientCounter = try json.value("client_counter")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "join_sampling_session")
        json.member("client_counter", clientCounter)
    }
}

extension Wire {
    /// What a sampling session samples (`GET /samplers/ID`).
    public struct SamplerInfo: Sendable, Equatable {
        /// The sampling session.
        public var samplerID: String
        /// The base model.
        public var baseModel: String
        /// The saved weights over it.
        public var modelPath: String?

        /// Made of its parts.
        public init(samplerID: String, baseModel: String, modelPath: String? = nil) {
            self.samplerID = samplerID
            self.baseModel = baseModel
            self.modelPath = modelPath
        }
    }
}

extension Wire.SamplerInfo: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        samplerID = try json.value("sampler_id")
        baseModel = try json.value("base_model")
        modelPath = try json.optional("model_path")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("sampler_id", samplerID)
        json.member("base_model", baseModel)
        json.member("model_path", modelPath)
    }
}

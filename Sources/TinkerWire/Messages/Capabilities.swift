package import JSON

extension Wire {
    /// What a service offers (`GET /get_server_capabilities`).
    public struct ServerCapabilities: Sendable, Equatable {
        /// The models on offer.
        public var supportedModels: [SupportedModel]

        /// Made of its parts.
        public init(supportedModels: [SupportedModel]) {
            self.supportedModels = supportedModels
        }
    }
}

extension Wire.ServerCapabilities: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        supportedModels = try json.value("supported_models")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("supported_models", supportedModels)
    }
}

extension Wire {
    /// A model on offer.
    public struct SupportedModel: Sendable, Equatable {
        /// The name that clients are created with.
        public var modelName: String
        /// The most tokens of a sequence.
        public var maxContextLength: Int?
        /// Whether it can be trained.
        public var isTrainable: Bool?
        /// Whether it can be sampled.
        public var isSampleable: Bool?

        /// Made of its parts.
        public init(
            modelName: String, maxContextLength: Int? = nil, isTrainable: Bool? = nil, isSampleable: Bool? = nil
        ) {
            self.modelName = modelName
            self.maxContextLength = maxContextLength
            self.isTrainable = isTrainable
            self.isSampleable = isSampleable
        }
    }
}

extension Wire.SupportedModel: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelName = try json.value("model_name")
        maxContextLength = try json.optional("max_context_length")
        isTrainable = try json.optional("trainable")
        isSampleable = try json.optional("sampleable")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("model_name", modelName)
        json.member("max_context_length", maxContextLength)
        json.member("trainable", isTrainable)
        json.member("sampleable", isSampleable)
    }
}

extension Wire {
    /// Whether a service is well (`GET /healthz`).
    public struct Health: Sendable, Equatable {
        /// `ok`.
        public var status: String

        /// Made of its parts.
        public init(status: String) {
            self.status = status
        }
    }
}

extension Wire.Health: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        status = try json.value("status")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("status", status)
    }
}

package import JSON

extension Wire {
    /// Says that work has been queued (the answer to most requests, with status 202 or 200).
    public struct QueuedResponse: Sendable, Equatable {
        /// What to ask for the result with.
        public var requestID: String
        /// The model that is worked on.
        public var modelID: String?
        /// An id for each sequence that will be sampled; SDK 0.26 and later need them.
        public var sampleSequenceIDs: [String]?

        /// Made of its parts.
        public init(requestID: String, modelID: String? = nil, sampleSequenceIDs: [String]? = nil) {
            self.requestID = requestID
            self.modelID = modelID
            self.sampleSequenceIDs = sampleSequenceIDs
        }
    }

    /// Asks for a result (`POST /retrieve_future`).
    public struct RetrieveFutureRequest: Sendable, Equatable {
        /// The request.
        public var requestID: String
        /// Whether the size may be told first if the result is large; nil before SDK 0.18.
        public var allowsMetadataOnly: Bool?

        /// Made of its parts.
        public init(requestID: String, allowsMetadataOnly: Bool? = true) {
            self.requestID = requestID
            self.allowsMetadataOnly = allowsMetadataOnly
        }
    }

    /// What a service says when it is asked for a result.
    public enum FutureReply<Result: Sendable & Equatable>: Sendable, Equatable {
        /// Not yet.
        case pending(TryAgainResponse)
        /// The result is there and has this many bytes; ask again without `allowsMetadataOnly`.
        case complete(payloadBytes: Int)
        /// The request failed.
        case failed(RequestFailure)
        /// The result.
        case result(Result)
    }

    /// Says that a result is not there yet (with status 408 or 200).
    public struct TryAgainResponse: Sendable, Equatable {
        /// The request.
        public var requestID: String?
        /// `active`, `paused_capacity` or `paused_rate_limit`.
        public var queueState: String
        /// Why it is paused.
        public var queueStateReason: String?
        /// How many requests come first (MinT).
        public var queuePosition: Int?
        /// How many requests wait altogether (MinT).
        public var queueDepth: Int?
        /// How long it may take (MinT).
        public var estimatedWaitSeconds: Double?

        /// Made of its parts.
        public init(
            requestID: String?, queueState: String = "active", queueStateReason: String? = nil, queuePosition: Int? = nil,
            queueDepth: Int? = nil, estimatedWaitSeconds: Double? = nil
        ) {
            self.requestID = requestID
            self.queueState = queueState
            self.queueStateReason = queueStateReason
            self.queuePosition = queuePosition
            self.queueDepth = queueDepth
            self.estimatedWaitSeconds = estimatedWaitSeconds
        }
    }

    /// Why a request failed.
    public struct RequestFailure: Sendable, Equatable {
        /// Whose fault a failure is.
        public enum Category: String, Sendable {
            case unknown, server, user
        }

        /// What went wrong, in the service's words.
        public var error: String
        /// Whose fault it is.
        public var category: Category

        /// Made of its parts.
        public init(error: String, category: Category) {
            self.error = error
            self.category = category
        }
    }
}

extension Wire.QueuedResponse: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        requestID = try json.value("request_id")
        modelID = try json.optional("model_id")
        sampleSequenceIDs = try json.optional("sample_sequence_ids")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("request_id", requestID)
        json.member("model_id", modelID)
        json.member("sample_sequence_ids", sampleSequenceIDs)
    }
}

extension Wire.RetrieveFutureRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        requestID = try json.value("request_id")
        allowsMetadataOnly = try json.optional("allow_metadata_only")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("request_id", requestID)
        json.member("allow_metadata_only", allowsMetadataOnly)
    }
}

extension Wire.FutureReply: JSONCodable where Result: JSONMessage {}

extension Wire.FutureReply: JSONMessage where Result: JSONMessage {
    /// Results have no mark of their own, so whatever is none of the other answers is one.
    package init(json: JSONNode) throws(WireError) {
        guard json.isObject else { throw json.mismatch("an object") }
        if try json.has("type", "try_again") {
            self = .pending(try Wire.TryAgainResponse(json: json))
        } else if try json.has("status", "complete_metadata") {
            self = .complete(payloadBytes: try json.value("response_payload_size"))
        } else if let error = try json.member("error"), error.isString {
            self = .failed(try Wire.RequestFailure(json: json))
        } else {
            self = .result(try Result(json: json))
        }
    }

    package func writeMembers(to json: inout JSONWriter) {
        switch self {
        case .pending(let reply): reply.writeMembers(to: &json)
        case .complete(let bytes):
            json.member("status", "complete_metadata")
            json.member("response_payload_size", bytes)
        case .failed(let failure): failure.writeMembers(to: &json)
        case .result(let result): result.writeMembers(to: &json)
        }
    }
}

extension JSONNode {
    fileprivate func has(_ key: String, _ text: String) throws(WireError) -> Bool {
        guard let member = try member(key), member.isString else { return false }
        return try member.string() == text
    }
}

extension Wire.TryAgainResponse: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        requestID = try json.optional("request_id")
        queueState = try json.value("queue_state", default: "active")
        queueStateReason = try json.optional("queue_state_reason")
        queuePosition = try json.optional("queue_position")
        queueDepth = try json.optional("queue_depth")
        estimatedWaitSeconds = try json.optional("estimated_wait_s")
    }

    package func writeMembers(to json: inout JSONWriter) {
        // Tells this answer from a result, so no style leaves it out.
        json.member("type", "try_again")
        json.member("request_id", requestID)
        json.member("queue_state", queueState)
        json.member("queue_state_reason", queueStateReason)
        json.member("queue_position", queuePosition)
        json.member("queue_depth", queueDepth)
        json.member("estimated_wait_s", estimatedWaitSeconds)
    }
}

extension Wire.RequestFailure: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        error = try json.value("error")
        let name: String = try json.value("category", default: "unknown")
        category = Category(rawValue: name) ?? .unknown
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("error", error)
        json.member("category", category.rawValue)
    }
}

extension Wire.FutureReply where Result: JSONMessage & ProtobufMessage {
    /// The answer that a body holds. What is protobuf is a result; everything else is always JSON.
    package init(body: [UInt8], format: BodyFormat, limits: WireLimits = WireLimits()) throws(WireError) {
        switch format {
        case .json: try self.init(jsonBody: body, limits: limits)
        case .protobuf: self = .result(try Result(protobufBody: body, limits: limits))
        }
    }
}

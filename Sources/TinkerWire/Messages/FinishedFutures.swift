package import JSON

extension Wire {
    /// Asks which samples of a session have ended (`POST /retrieve_futures`).
    public struct RetrieveFuturesRequest: Sendable, Equatable {
        /// The sampling session.
        public var samplingSessionID: String
        /// The number of the copy of the client.
        public var clonedSamplerID: Int
        /// Where the last answer ended.
        public var previousCursor: Int
        /// How long to wait for news; nil for as long as the service likes.
        public var timeoutSeconds: Double?
        /// Requests whose results need not be kept any longer.
        public var retrievedRequestIDs: [String]

        /// Made of its parts.
        public init(
            samplingSessionID: String, clonedSamplerID: Int = 0, previousCursor: Int = 0, timeoutSeconds: Double? = nil,
            retrievedRequestIDs: [String] = []
        ) {
            self.samplingSessionID = samplingSessionID
            self.clonedSamplerID = clonedSamplerID
            self.previousCursor = previousCursor
            self.timeoutSeconds = timeoutSeconds
            self.retrievedRequestIDs = retrievedRequestIDs
        }
    }

    /// The samples of a session that have ended since.
    public struct RetrieveFuturesResponse: Sendable, Equatable {
        /// A sample that has ended.
        public struct Completion: Sendable, Equatable {
            /// `finished` or `failed`.
            public var state: String
            /// The request.
            public var requestID: String
            /// The size of the result.
            public var payloadBytes: Int?

            /// Made of its parts.
            public init(state: String, requestID: String, payloadBytes: Int? = nil) {
                self.state = state
                self.requestID = requestID
                self.payloadBytes = payloadBytes
            }
        }

        /// What has ended.
        public var completions: [Completion]
        /// Where this answer ends.
        public var cursor: Int

        /// Made of its parts.
        public init(completions: [Completion], cursor: Int) {
            self.completions = completions
            self.cursor = cursor
        }
    }

    /// Gives a request up (`POST /cancel_future`).
    public struct CancelFutureRequest: Sendable, Equatable {
        /// The request.
        public var requestID: String

        /// Made of its parts.
        public init(requestID: String) { self.requestID = requestID }
    }
}

extension Wire.RetrieveFuturesRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        let target = try json.optional("target") { target throws(WireError) in
            (try target.value("sampling_session_id") as String, try target.value("cloned_sampler_id", default: 0))
        }
        guard let target else { throw .missing(path: "target") }
        (samplingSessionID, clonedSamplerID) = target
        previousCursor = try json.value("prev_cursor", default: 0)
        timeoutSeconds = try json.optional("timeout")
        retrievedRequestIDs = try json.value("retrieved_request_ids", default: [])
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.key("target")
        json.object { json in
            json.member("type", "sampling_session")
            json.member("sampling_session_id", samplingSessionID)
            json.member("cloned_sampler_id", clonedSamplerID)
        }
        json.member("prev_cursor", previousCursor)
        json.member("timeout", timeoutSeconds)
        json.member("retrieved_request_ids", retrievedRequestIDs)
    }
}

extension Wire.RetrieveFuturesResponse: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        completions = try json.value("completions")
        cursor = try json.value("cursor")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("completions", completions)
        json.member("cursor", cursor)
    }
}

extension Wire.RetrieveFuturesResponse.Completion: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        state = try json.value("state")
        requestID = try json.value("request_id")
        payloadBytes = try json.optional("response_payload_uncompressed_size")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("state", state)
        json.member("request_id", requestID)
        json.member("response_payload_uncompressed_size", payloadBytes)
    }
}

extension Wire.CancelFutureRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) { requestID = try json.value("request_id") }
    package func writeMembers(to json: inout JSONWriter) { json.member("request_id", requestID) }
}

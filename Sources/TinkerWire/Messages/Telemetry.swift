public import JSON

extension Wire {
    /// What a client reports of itself (`POST /telemetry`). Events of failures can hold the credential, so a server keeps none.
    public struct TelemetryRequest: Sendable, Equatable {
        /// What happened.
        public var events: [JSONValue]
        /// The operating system.
        public var platform: String
        /// The version of the SDK.
        public var sdkVersion: String
        /// The session, or `sessionless-UUID`.
        public var sessionID: String
        /// The process.
        public var processUUID: String?

        /// Made of its parts.
        public init(
            events: [JSONValue] = [], platform: String = "", sdkVersion: String = "", sessionID: String = "",
            processUUID: String? = nil
        ) {
            self.events = events
            self.platform = platform
            self.sdkVersion = sdkVersion
            self.sessionID = sessionID
            self.processUUID = processUUID
        }
    }
}

extension Wire.TelemetryRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        events = try json.value("events", default: [])
        platform = try json.value("platform", default: "")
        sdkVersion = try json.value("sdk_version", default: "")
        sessionID = try json.value("session_id", default: "")
        processUUID = try json.optional("process_uuid")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("events", events)
        json.member("platform", platform)
        json.member("sdk_version", sdkVersion)
        json.member("session_id", sessionID)
        json.member("process_uuid", processUUID)
    }
}

extension Wire {
    /// The report has been taken.
    public struct TelemetryResponse: Sendable, Equatable {
        /// `accepted`.
        public var status: String

        /// Made of its parts.
        public init(status: String = "accepted") {
            self.status = status
        }
    }
}

extension Wire.TelemetryResponse: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        status = try json.value("status", default: "accepted")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("status", status)
    }
}

public import JSON

extension Wire {
    /// Opens a session (`POST /create_session`), the owner of models and samplers.
    public struct CreateSessionRequest: Sendable, Equatable {
        /// Labels of the user.
        public var tags: [String]
        /// Notes of the user.
        public var userMetadata: [String: JSONValue]?
        /// The version of the SDK whose dialect the client speaks.
        public var sdkVersion: String
        /// The project that the session belongs to.
        public var projectID: String?
        /// A name for people.
        public var displayName: String?

        /// Made of its parts.
        public init(
            tags: [String] = [], userMetadata: [String: JSONValue]? = nil, sdkVersion: String,
            projectID: String? = nil, displayName: String? = nil
        ) {
            self.tags = tags
            self.userMetadata = userMetadata
            self.sdkVersion = sdkVersion
            self.projectID = projectID
            self.displayName = displayName
        }
    }
}

extension Wire.CreateSessionRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        tags = try json.value("tags", default: [])
        userMetadata = try json.optional("user_metadata")
        sdkVersion = try json.value("sdk_version")
        projectID = try json.optional("project_id")
        displayName = try json.optional("display_name")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("create_session")
        json.member("tags", tags)
        json.member("user_metadata", sparseNull: userMetadata)
        json.member("sdk_version", sdkVersion)
        json.member("project_id", sparseNull: projectID)
        json.member("display_name", displayName)
    }
}

extension Wire {
    /// The session that was opened, and what the service has to say.
    public struct CreateSessionResponse: Sendable, Equatable {
        /// The session's id.
        public var sessionID: String
        /// To be logged.
        public var infoMessage: String?
        /// To be logged as a warning.
        public var warningMessage: String?
        /// To be logged as an error.
        public var errorMessage: String?

        /// Made of its parts.
        public init(
            sessionID: String, infoMessage: String? = nil, warningMessage: String? = nil, errorMessage: String? = nil
        ) {
            self.sessionID = sessionID
            self.infoMessage = infoMessage
            self.warningMessage = warningMessage
            self.errorMessage = errorMessage
        }
    }
}

extension Wire.CreateSessionResponse: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        sessionID = try json.value("session_id")
        infoMessage = try json.optional("info_message")
        warningMessage = try json.optional("warning_message")
        errorMessage = try json.optional("error_message")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "create_session")
        json.member("session_id", sessionID)
        json.member("info_message", infoMessage)
        json.member("warning_message", warningMessage)
        json.member("error_message", errorMessage)
    }
}

extension Wire {
    /// Keeps a session alive (`POST /session_heartbeat`).
    public struct SessionHeartbeatRequest: Sendable, Equatable {
        /// The session's id.
        public var sessionID: String

        /// Made of its parts.
        public init(sessionID: String) {
            self.sessionID = sessionID
        }
    }
}

extension Wire.SessionHeartbeatRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        sessionID = try json.value("session_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("session_heartbeat")
        json.member("session_id", sessionID)
    }
}

extension Wire {
    /// The session is alive.
    public struct SessionHeartbeatResponse: Sendable, Equatable {
        /// The message, which has no parts.
        public init() {}
    }
}

extension Wire.SessionHeartbeatResponse: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        guard json.isObject else { throw json.mismatch("an object") }
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "session_heartbeat")
    }
}

extension Wire {
    /// Closes a session (`POST /sessions/ID/finish`); the first reason counts.
    public struct FinishSessionRequest: Sendable, Equatable {
        /// Why.
        public var reason: FinishReason
        /// More about it.
        public var detail: String?

        /// Made of its parts.
        public init(reason: FinishReason, detail: String? = nil) {
            self.reason = reason
            self.detail = detail
        }
    }
}

extension Wire.FinishSessionRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        reason = try json.value("reason")
        detail = try json.optional("detail")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("reason", reason)
        json.member("detail", orNull: detail)
    }
}

extension Wire {
    /// Why a session was closed.
    public struct FinishReason: Sendable, Equatable {
        /// `success`, `errored` or `interrupted`.
        public var kind: String

        /// Made of its parts.
        public init(kind: String) {
            self.kind = kind
        }
    }
}

extension Wire.FinishReason: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        kind = try json.value("type")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", kind)
    }
}

extension Wire {
    /// The user's sessions (`GET /sessions`).
    public struct SessionList: Sendable, Equatable {
        /// Their ids.
        public var sessions: [String]

        /// Made of its parts.
        public init(sessions: [String]) {
            self.sessions = sessions
        }
    }
}

extension Wire.SessionList: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        sessions = try json.value("sessions")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("sessions", sessions)
    }
}

extension Wire {
    /// What belongs to a session (`GET /sessions/ID`).
    public struct SessionInfo: Sendable, Equatable {
        /// Its training runs.
        public var trainingRunIDs: [String]
        /// Its sampling sessions.
        public var samplerIDs: [String]
        /// Notes of the user.
        public var userMetadata: [String: JSONValue]?
        /// A name for people.
        public var displayName: String?

        /// Made of its parts.
        public init(
            trainingRunIDs: [String], samplerIDs: [String], userMetadata: [String: JSONValue]? = nil,
            displayName: String? = nil
        ) {
            self.trainingRunIDs = trainingRunIDs
            self.samplerIDs = samplerIDs
            self.userMetadata = userMetadata
            self.displayName = displayName
        }
    }
}

extension Wire.SessionInfo: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        trainingRunIDs = try json.value("training_run_ids")
        samplerIDs = try json.value("sampler_ids")
        userMetadata = try json.optional("user_metadata")
        displayName = try json.optional("display_name")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("training_run_ids", trainingRunIDs)
        json.member("sampler_ids", samplerIDs)
        json.member("user_metadata", userMetadata)
        json.member("display_name", displayName)
    }
}

extension Wire {
    /// Moves a session to a project (`PUT /sessions/ID/project`).
    public struct SetProjectRequest: Sendable, Equatable {
        /// The project's id.
        public var projectID: String

        /// Made of its parts.
        public init(projectID: String) {
            self.projectID = projectID
        }
    }
}

extension Wire.SetProjectRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        projectID = try json.value("project_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("project_id", projectID)
    }
}

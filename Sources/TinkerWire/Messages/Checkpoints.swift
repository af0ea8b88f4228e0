public import JSON

extension Wire {
    /// A checkpoint of a training run.
    public struct Checkpoint: Sendable, Equatable {
        /// `weights/NAME` or `sampler_weights/NAME`; SkyRL's has no folder.
        public var checkpointID: String
        /// `training`, `sampler` or `external`.
        public var kind: String
        /// When it was saved (ISO 8601).
        public var time: String
        /// `tinker://RUN/weights/NAME`.
        public var tinkerPath: String
        /// The size of its files.
        public var sizeBytes: Int?
        /// Whether others may use it; nil means no.
        public var isPublic: Bool?
        /// Notes of the user.
        public var userMetadata: [String: JSONValue]?
        /// When it will be deleted (ISO 8601).
        public var expiresAt: String?

        /// Made of its parts.
        public init(
            checkpointID: String, kind: String, time: String, tinkerPath: String, sizeBytes: Int? = nil,
            isPublic: Bool? = nil, userMetadata: [String: JSONValue]? = nil, expiresAt: String? = nil
        ) {
            self.checkpointID = checkpointID
            self.kind = kind
            self.time = time
            self.tinkerPath = tinkerPath
            self.sizeBytes = sizeBytes
            self.isPublic = isPublic
            self.userMetadata = userMetadata
            self.expiresAt = expiresAt
        }
    }
}

extension Wire.Checkpoint: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        checkpointID = try json.value("checkpoint_id")
        kind = try json.value("checkpoint_type")
        time = try json.value("time")
        tinkerPath = try json.value("tinker_path")
        sizeBytes = try json.optional("size_bytes")
        isPublic = try json.optional("public")
        userMetadata = try json.optional("user_metadata")
        expiresAt = try json.optional("expires_at")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("checkpoint_id", checkpointID)
        json.member("checkpoint_type", kind)
        json.member("time", time)
        json.member("tinker_path", tinkerPath)
        json.member("size_bytes", sizeBytes)
        json.member("public", isPublic)
        json.member("user_metadata", userMetadata)
        json.member("expires_at", expiresAt)
    }
}

extension Wire {
    /// Checkpoints of a training run or of the user (`GET /training_runs/RUN/checkpoints`, `GET /checkpoints`).
    public struct CheckpointList: Sendable, Equatable {
        /// The checkpoints.
        public var checkpoints: [Checkpoint]
        /// Which part of the list this is.
        public var cursor: Cursor?

        /// Made of its parts.
        public init(checkpoints: [Checkpoint], cursor: Cursor? = nil) {
            self.checkpoints = checkpoints
            self.cursor = cursor
        }
    }
}

extension Wire.CheckpointList: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        checkpoints = try json.value("checkpoints")
        cursor = try json.optional("cursor")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("checkpoints", checkpoints)
        json.member("cursor", cursor)
    }
}

extension Wire {
    /// Which part of a list was returned.
    public struct Cursor: Sendable, Equatable {
        /// How many entries come before.
        public var offset: Int
        /// The most entries that were asked for.
        public var limit: Int
        /// How many there are altogether.
        public var totalCount: Int

        /// Made of its parts.
        public init(offset: Int = 0, limit: Int = 0, totalCount: Int = 0) {
            self.offset = offset
            self.limit = limit
            self.totalCount = totalCount
        }
    }
}

extension Wire.Cursor: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        offset = try json.value("offset", default: 0)
        limit = try json.value("limit", default: 0)
        totalCount = try json.value("total_count", default: 0)
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("offset", offset)
        json.member("limit", limit)
        json.member("total_count", totalCount)
    }
}

extension Wire {
    /// Sets how long a checkpoint is kept (`PUT .../ttl`).
    public struct TimeToLiveRequest: Sendable, Equatable {
        /// From now on; nil for ever.
        public var ttlSeconds: Int?

        /// Made of its parts.
        public init(ttlSeconds: Int? = nil) {
            self.ttlSeconds = ttlSeconds
        }
    }
}

extension Wire.TimeToLiveRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        ttlSeconds = try json.optional("ttl_seconds")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("ttl_seconds", orNull: ttlSeconds)
    }
}

extension Wire {
    /// Where an adapter can be downloaded as an archive (`GET .../archive`, SDK up to 0.35).
    public struct ArchiveLocation: Sendable, Equatable {
        /// The address, signed.
        public var url: String
        /// Until when it holds.
        public var expires: String?

        /// Made of its parts.
        public init(url: String, expires: String? = nil) {
            self.url = url
            self.expires = expires
        }
    }
}

extension Wire.ArchiveLocation: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        url = try json.value("url")
        expires = try json.optional("expires")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("url", url)
        json.member("expires", expires)
    }
}

extension Wire {
    /// Where an adapter's files can be downloaded (`GET .../external_weights_urls`).
    public struct ExternalWeightsLocations: Sendable, Equatable {
        /// The signed address of each file.
        public var urls: [String: String]
        /// Until when they hold (ISO 8601).
        public var expires: String?

        /// Made of its parts.
        public init(urls: [String: String], expires: String? = nil) {
            self.urls = urls
            self.expires = expires
        }
    }
}

extension Wire.ExternalWeightsLocations: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        urls = try json.value("urls")
        expires = try json.optional("expires")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("urls", urls)
        json.member("expires", expires)
    }
}

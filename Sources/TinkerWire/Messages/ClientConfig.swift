package import JSON

extension Wire {
    /// What a client asks before anything else (`POST /client/config` and `/client/dynamic_config`).
    public struct ClientConfigRequest: Sendable, Equatable {
        /// The version of the SDK whose dialect the client speaks, for instance `0.38.0`.
        public var sdkVersion: String

        /// Made of its parts.
        public init(sdkVersion: String) {
            self.sdkVersion = sdkVersion
        }
    }
}

extension Wire.ClientConfigRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        sdkVersion = try json.value("sdk_version")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("sdk_version", sdkVersion)
    }
}

extension Wire {
    /// How a service wants to be used. Everything is optional: `{}` stands for all defaults.
    public struct ClientConfig: Sendable, Equatable {
        /// Whether the key has to be exchanged for a token.
        public var isTokenExchangeEnabled: Bool
        /// Where the credential comes from; `credential_cmd` forces the command.
        public var credentialSource: String
        /// The most bytes of sampling requests under way.
        public var sampleDispatchBytes: Int
        /// The most bytes of results that are fetched at a time.
        public var inflightResponseBytes: Int
        /// Whether the chunks of one batch may be sent in parallel.
        public var usesParallelChunks: Bool
        /// Whether protobuf requests are to be compressed with zstd.
        public var compressesForwardBackward: Bool
        /// The most datums of one request.
        public var maxChunkData: Int
        /// The most bytes of one request, as the client estimates them.
        public var maxChunkBytes: Int
        /// The most bytes of training requests under way.
        public var forwardBackwardDispatchBytes: Int
        /// How long a client waits for an account to be paid.
        public var billingPauseSeconds: Double
        /// Whether failed samples are given up at once.
        public var disablesSampleRetries: Bool
        /// Whether a client gives up when nothing has finished for hours.
        public var detectsStuckSamples: Bool
        /// The most samples that one client waits for.
        public var maxConcurrentSamples: Int
        /// Whether finished samples are announced by `/retrieve_futures`.
        public var usesRetrieveFutures: Bool
        /// Whether traced losses run in the service.
        public var hasServerSideCustomLoss: Bool
        /// Whether copies of a sampling client join its session.
        public var joinsSamplingSession: Bool
        /// Whether SDK 0.24 to 0.36 create models from checkpoints by one `load_weights` call.
        public var createsModelByLoading: Bool
        /// Whether SDK 0.22 to 0.24 send protobuf requests.
        public var writesProtobuf: Bool

        /// Made of its parts.
        public init(
            isTokenExchangeEnabled: Bool = false, credentialSource: String = "api_key",
            sampleDispatchBytes: Int = 10_485_760, inflightResponseBytes: Int = 52_428_800,
            usesParallelChunks: Bool = true, compressesForwardBackward: Bool = false, maxChunkData: Int = 1024,
            maxChunkBytes: Int = 5_000_000, forwardBackwardDispatchBytes: Int = 50_000_000,
            billingPauseSeconds: Double = 3600, disablesSampleRetries: Bool = false, detectsStuckSamples: Bool = true,
            maxConcurrentSamples: Int = 2000, usesRetrieveFutures: Bool = false, hasServerSideCustomLoss: Bool = false,
            joinsSamplingSession: Bool = false, createsModelByLoading: Bool = false, writesProtobuf: Bool = false
        ) {
            self.isTokenExchangeEnabled = isTokenExchangeEnabled
            self.credentialSource = credentialSource
            self.sampleDispatchBytes = sampleDispatchBytes
            self.inflightResponseBytes = inflightResponseBytes
            self.usesParallelChunks = usesParallelChunks
            self.compressesForwardBackward = compressesForwardBackward
            self.maxChunkData = maxChunkData
            self.maxChunkBytes = maxChunkBytes
            self.forwardBackwardDispatchBytes = forwardBackwardDispatchBytes
            self.billingPauseSeconds = billingPauseSeconds
            self.disablesSampleRetries = disablesSampleRetries
            self.detectsStuckSamples = detectsStuckSamples
            self.maxConcurrentSamples = maxConcurrentSamples
            self.usesRetrieveFutures = usesRetrieveFutures
            self.hasServerSideCustomLoss = hasServerSideCustomLoss
            self.joinsSamplingSession = joinsSamplingSession
            self.createsModelByLoading = createsModelByLoading
            self.writesProtobuf = writesProtobuf
        }
    }
}

extension Wire.ClientConfig: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        isTokenExchangeEnabled = try json.value("pjwt_auth_enabled", default: false)
        credentialSource = try json.value("credential_default_source", default: "api_key")
        sampleDispatchBytes = try json.value("sample_dispatch_bytes_semaphore_size", default: 10_485_760)
        inflightResponseBytes = try json.value("inflight_response_bytes_semaphore_size", default: 52_428_800)
        usesParallelChunks = try json.value("parallel_fwdbwd_chunks", default: true)
        compressesForwardBackward = try json.value("proto_compress_fwdbwd", default: false)
        maxChunkData = try json.value("fwdbwd_max_chunk_len", default: 1024)
        maxChunkBytes = try json.value("fwdbwd_max_chunk_bytes_count", default: 5_000_000)
        forwardBackwardDispatchBytes = try json.value("fwdbwd_dispatch_bytes_semaphore_size", default: 50_000_000)
        billingPauseSeconds = try json.value("billing_exception_max_pause_duration_sec", default: 3600)
        disablesSampleRetries = try json.value("sample_no_retries", default: false)
        detectsStuckSamples = try json.value("sample_enable_stuck_detection", default: true)
        maxConcurrentSamples = try json.value("sample_max_concurrent_requests", default: 2000)
        usesRetrieveFutures = try json.value("sample_use_retrieve_futures", default: false)
        hasServerSideCustomLoss = try json.value("custom_loss_server_side", default: false)
        joinsSamplingSession = try json.value("sample_join_sampling_session", default: false)
        createsModelByLoading = try json.value("create_model_via_load_weights", default: false)
        writesProtobuf = try json.value("proto_write_fwdbwd", default: false)
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("pjwt_auth_enabled", isTokenExchangeEnabled, unless: false)
        json.member("credential_default_source", credentialSource, unless: "api_key")
        json.member("sample_dispatch_bytes_semaphore_size", sampleDispatchBytes, unless: 10_485_760)
        json.member("inflight_response_bytes_semaphore_size", inflightResponseBytes, unless: 52_428_800)
        json.member("parallel_fwdbwd_chunks", usesParallelChunks, unless: true)
        json.member("proto_compress_fwdbwd", compressesForwardBackward, unless: false)
        json.member("fwdbwd_max_chunk_len", maxChunkData, unless: 1024)
        json.member("fwdbwd_max_chunk_bytes_count", maxChunkBytes, unless: 5_000_000)
        json.member("fwdbwd_dispatch_bytes_semaphore_size", forwardBackwardDispatchBytes, unless: 50_000_000)
        json.member("billing_exception_max_pause_duration_sec", billingPauseSeconds, unless: 3600)
        json.member("sample_no_retries", disablesSampleRetries, unless: false)
        json.member("sample_enable_stuck_detection", detectsStuckSamples, unless: true)
        json.member("sample_max_concurrent_requests", maxConcurrentSamples, unless: 2000)
        json.member("sample_use_retrieve_futures", usesRetrieveFutures, unless: false)
        json.member("custom_loss_server_side", hasServerSideCustomLoss, unless: false)
        json.member("sample_join_sampling_session", joinsSamplingSession, unless: false)
        json.member("create_model_via_load_weights", createsModelByLoading, unless: false)
        json.member("proto_write_fwdbwd", writesProtobuf, unless: false)
    }
}

extension Wire {
    /// The settings that a client asks for again while it runs; a service without them answers 404.
    public struct DynamicConfig: Sendable, Equatable {
        /// How often to ask.
        public var refreshSeconds: Double
        /// Whether abandoned samples are to be cancelled.
        public var isSampleCancelEnabled: Bool
        /// The most of them at a time.
        public var sampleCancelBatchSize: Int

        /// Made of its parts.
        public init(
            refreshSeconds: Double = 300, isSampleCancelEnabled: Bool = false, sampleCancelBatchSize: Int = 64
        ) {
            self.refreshSeconds = refreshSeconds
            self.isSampleCancelEnabled = isSampleCancelEnabled
            self.sampleCancelBatchSize = sampleCancelBatchSize
        }
    }
}

extension Wire.DynamicConfig: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        refreshSeconds = try json.value("refresh_interval_sec", default: 300)
        isSampleCancelEnabled = try json.value("sample_cancel_enabled", default: false)
        sampleCancelBatchSize = try json.value("sample_cancel_max_batch_size", default: 64)
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("refresh_interval_sec", refreshSeconds)
        json.member("sample_cancel_enabled", isSampleCancelEnabled)
        json.member("sample_cancel_max_batch_size", sampleCancelBatchSize)
    }
}

extension Wire {
    /// Exchanges a key for a token (`POST /auth/token`); the key is in a header.
    public struct TokenRequest: Sendable, Equatable {
        /// The message, which has no parts.
        public init() {}
    }
}

extension Wire.TokenRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        guard json.isObject else { throw json.mismatch("an object") }
    }

    package func writeMembers(to json: inout JSONWriter) {}
}

extension Wire {
    /// A token to use in the key's place.
    public struct TokenResponse: Sendable, Equatable {
        /// The token (RFC 7519), with numeric `exp` and `iat` claims.
        public var jwt: String

        /// Made of its parts.
        public init(jwt: String) {
            self.jwt = jwt
        }
    }
}

extension Wire.TokenResponse: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        jwt = try json.value("jwt")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("jwt", jwt)
    }
}

package import JSON
public import TrainingAPI

extension Wire {
    /// What a sampling request returns.
    public struct SampleResponse: Sendable, Equatable {
        /// The continuations, in the order of their index.
        public var sequences: [SampledSequence]
        /// The logprob of each prompt token given those before it, nil for the first; SkyRL leaves the first one out.
        public var promptLogprobs: [Float?]?
        /// At each position of the prompt the likeliest tokens, nil where there are none.
        public var topKPromptLogprobs: [[TokenLogprob]?]?
        /// How many tokens of the prompt the service had computed before.
        public var promptCacheHitTokens: Int
        /// The logprobs of the tokens that were asked for.
        public var targetPromptLogprobs: TensorData?
        /// Other tokens at each position of the prompt.
        public var promptAltTokens: AltTokens?

        /// Made of its parts.
        public init(
            sequences: [SampledSequence], promptLogprobs: [Float?]? = nil, topKPromptLogprobs: [[TokenLogprob]?]? = nil,
            promptCacheHitTokens: Int = 0, targetPromptLogprobs: TensorData? = nil, promptAltTokens: AltTokens? = nil
        ) {
            self.sequences = sequences
            self.promptLogprobs = promptLogprobs
            self.topKPromptLogprobs = topKPromptLogprobs
            self.promptCacheHitTokens = promptCacheHitTokens
            self.targetPromptLogprobs = targetPromptLogprobs
            self.promptAltTokens = promptAltTokens
        }
    }

    /// One sampled continuation.
    public struct SampledSequence: Sendable, Equatable {
        /// The drawn tokens.
        public var tokens: [Int]
        /// The logprob of each, if the service says.
        public var logprobs: [Float]?
        /// Why it ended.
        public var stopReason: StopReason
        /// At each position the likeliest tokens, nil where there are none.
        public var topKLogprobs: [[TokenLogprob]?]?

        /// Made of its parts.
        public init(
            tokens: [Int], logprobs: [Float]?, stopReason: StopReason, topKLogprobs: [[TokenLogprob]?]? = nil
        ) {
            self.tokens = tokens
            self.logprobs = logprobs
            self.stopReason = stopReason
            self.topKLogprobs = topKLogprobs
        }
    }

    /// A token and its logprob.
    public struct TokenLogprob: Sendable, Equatable {
        /// The token's id.
        public var token: Int
        /// Its logprob.
        public var logprob: Float

        /// Made of its parts.
        public init(token: Int, logprob: Float) {
            self.token = token
            self.logprob = logprob
        }
    }

    /// Other tokens at each position of a prompt, and their logprobs.
    public struct AltTokens: Sendable, Equatable {
        /// Token ids.
        public var tokens: TensorData
        /// The logprob of each.
        public var logprobs: TensorData

        /// Made of its parts.
        public init(tokens: TensorData, logprobs: TensorData) {
            self.tokens = tokens
            self.logprobs = logprobs
        }
    }
}

extension Wire.SampleResponse: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        sequences = try json.value("sequences")
        promptLogprobs = try (json.optional("prompt_logprobs") as OptionalFloats?)?.values
        topKPromptLogprobs = try (json.optional("topk_prompt_logprobs") as TokenLogprobRows?)?.rows
        promptCacheHitTokens = try json.value("prompt_cache_hit_tokens", default: 0)
        targetPromptLogprobs = try json.optional("target_prompt_logprobs")
        promptAltTokens = try json.optional("prompt_alt_tokens")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "sample")
        json.member("sequences", sequences)
        json.member("prompt_logprobs", sparseNull: promptLogprobs.map(OptionalFloats.init))
        json.member("topk_prompt_logprobs", sparseNull: topKPromptLogprobs.map(TokenLogprobRows.init(rows:)))
        json.member("prompt_cache_hit_tokens", promptCacheHitTokens, unless: 0)
        json.member("target_prompt_logprobs", targetPromptLogprobs)
        json.member("prompt_alt_tokens", promptAltTokens)
    }
}

extension Wire.SampledSequence: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        tokens = try json.value("tokens")
        logprobs = try json.optional("logprobs") { node throws(WireError) in try node.floats() }
        let name: String = try json.value("stop_reason")
        guard let reason = StopReason(rawValue: name) else {
            throw .unexpected(path: "stop_reason", expected: "stop or length", found: name)
        }
        stopReason = reason
        topKLogprobs = try (json.optional("topk_sampled_logprobs") as TokenLogprobRows?)?.rows
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("tokens", tokens)
        json.member("logprobs", logprobs.map(OptionalFloats.init))
        json.member("stop_reason", stopReason.rawValue)
        json.member("topk_sampled_logprobs", topKLogprobs.map(TokenLogprobRows.init(rows:)))
    }
}

extension Wire.AltTokens: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        tokens = try json.value("tokens")
        logprobs = try json.value("logprobs")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("tokens", tokens)
        json.member("logprobs", logprobs)
    }
}

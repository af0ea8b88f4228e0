package import JSON

extension Wire {
    /// Asks for continuations of a prompt (`POST /asample`).
    public struct SampleRequest: Sendable, Equatable {
        /// How many continuations.
        public var numSamples: Int
        /// The prompt.
        public var prompt: ModelInput
        /// How tokens are drawn.
        public var samplingParams: SamplingParams
        /// What to sample; or one of the next two.
        public var samplingSessionID: String?
        /// The base model to sample.
        public var baseModel: String?
        /// The saved weights to sample.
        public var modelPath: String?
        /// The request's place among the session's requests.
        public var sequenceID: Int?
        /// Whether the prompt's logprobs are wanted.
        public var promptLogprobs: Bool
        /// For the last positions of the prompt alone.
        public var promptLogprobsLast: Int?
        /// How many likeliest tokens are wanted at each position of the prompt.
        public var topKPromptLogprobs: Int
        /// How many likeliest tokens are wanted at each position of a continuation; nil before SDK 0.26.
        public var topKSampleLogprobs: Int?
        /// The tokens to score at each position of the prompt: int64 `[tokens - 1, K]`, -1 for none.
        public var targetPromptLogprobs: TensorData?
        /// How many other tokens are wanted at each position of the prompt.
        public var promptAltTokens: Int?
        /// Asks for measurements whose meaning is not public.
        public var recordsStabilityInfo: Bool?

        /// Made of its parts.
        public init(
            numSamples: Int = 1, prompt: ModelInput, samplingParams: SamplingParams = SamplingParams(),
            samplingSessionID: String? = nil, baseModel: String? = nil, modelPath: String? = nil, sequenceID: Int? = nil,
            promptLogprobs: Bool = false, promptLogprobsLast: Int? = nil, topKPromptLogprobs: Int = 0,
            topKSampleLogprobs: Int? = nil, targetPromptLogprobs: TensorData? = nil, promptAltTokens: Int? = nil,
            recordsStabilityInfo: Bool? = nil
        ) {
            self.numSamples = numSamples
            self.prompt = prompt
            self.samplingParams = samplingParams
            self.samplingSessionID = samplingSessionID
            self.baseModel = baseModel
            self.modelPath = modelPath
            self.sequenceID = sequenceID
            self.promptLogprobs = promptLogprobs
            self.promptLogprobsLast = promptLogprobsLast
            self.topKPromptLogprobs = topKPromptLogprobs
            self.topKSampleLogprobs = topKSampleLogprobs
            self.targetPromptLogprobs = targetPromptLogprobs
            self.promptAltTokens = promptAltTokens
            self.recordsStabilityInfo = recordsStabilityInfo
        }
    }

    /// How tokens are drawn.
    public struct SamplingParams: Sendable, Equatable {
        /// The most tokens to draw; nil leaves it to the service.
        public var maxTokens: Int?
        /// The random numbers' seed.
        public var seed: Int?
        /// What ends a sequence.
        public var stop: Stop
        /// Divides the logits.
        public var temperature: Double
        /// Keeps this many likeliest tokens; -1 keeps all.
        public var topK: Int
        /// Keeps the smallest set of likeliest tokens whose probability reaches this.
        public var topP: Double

        /// Defaults are the SDK's.
        public init(
            maxTokens: Int? = nil, seed: Int? = nil, stop: Stop = .endOfText, temperature: Double = 1, topK: Int = -1,
            topP: Double = 1
        ) {
            self.maxTokens = maxTokens
            self.seed = seed
            self.stop = stop
            self.temperature = temperature
            self.topK = topK
            self.topP = topP
        }
    }

    /// What ends a sampled sequence early.
    public enum Stop: Sendable, Equatable {
        /// The model's end-of-text token (null).
        case endOfText
        /// One string by itself.
        case string(String)
        /// One of some strings.
        case strings([String])
        /// One of some tokens; of none if nothing is to end it (`[]`).
        case tokens([Int])
    }
}

extension Wire.SampleRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        numSamples = try json.value("num_samples", default: 1)
        prompt = try json.value("prompt")
        samplingParams = try json.value("sampling_params", default: Wire.SamplingParams())
        samplingSessionID = try json.optional("sampling_session_id")
        baseModel = try json.optional("base_model")
        modelPath = try json.optional("model_path")
        sequenceID = try json.optional("seq_id")
        promptLogprobs = try json.value("prompt_logprobs", default: false)
        promptLogprobsLast = try json.optional("prompt_logprobs_last_n")
        topKPromptLogprobs = try json.value("topk_prompt_logprobs", default: 0)
        topKSampleLogprobs = try json.optional("topk_sample_logprobs")
        targetPromptLogprobs = try json.optional("target_prompt_logprobs")
        promptAltTokens = try json.optional("prompt_alt_tokens_k")
        recordsStabilityInfo = try json.optional("record_stability_info")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("sample")
        json.member("num_samples", numSamples)
        json.member("prompt", prompt)
        json.member("sampling_params", samplingParams)
        json.member("sampling_session_id", samplingSessionID)
        json.member("base_model", baseModel)
        json.member("model_path", modelPath)
        json.member("seq_id", sequenceID)
        json.member("prompt_logprobs", promptLogprobs)
        json.member("prompt_logprobs_last_n", promptLogprobsLast)
        json.member("topk_prompt_logprobs", topKPromptLogprobs)
        json.member("topk_sample_logprobs", topKSampleLogprobs)
        json.member("target_prompt_logprobs", targetPromptLogprobs)
        json.member("prompt_alt_tokens_k", promptAltTokens)
        json.member("record_stability_info", recordsStabilityInfo)
    }
}

extension Wire.SamplingParams: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        maxTokens = try json.optional("max_tokens")
        seed = try json.optional("seed")
        stop = try json.value("stop", default: .endOfText)
        temperature = try json.value("temperature", default: 1)
        topK = try json.value("top_k", default: -1)
        topP = try json.value("top_p", default: 1)
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("max_tokens", maxTokens)
        json.member("seed", seed)
        json.member("stop", stop == .endOfText ? nil : stop)
        json.member("temperature", temperature, default: 1)
        json.member("top_k", topK, default: -1)
        json.member("top_p", topP, default: 1)
    }
}

extension Wire.Stop: JSONCodable {
    package init(json: JSONNode) throws(WireError) {
        if json.isNull {
            self = .endOfText
        } else if json.isString {
            self = .string(try json.string())
        } else if let tokens = try? json.integers() {
            self = .tokens(tokens)
        } else {
            self = .strings(
                try json.elements("a string, or a list of strings or token ids") { node throws(WireError) in
                    try node.string()
                })
        }
    }

    package func write(to json: inout JSONWriter) {
        switch self {
        case .endOfText: json.literal("null")
        case .string(let text): json.value(text)
        case .strings(let texts): texts.write(to: &json)
        case .tokens(let tokens): tokens.write(to: &json)
        }
    }
}

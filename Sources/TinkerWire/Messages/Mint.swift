package import JSON

extension Wire {
    /// Mixes checkpoints (MinT's `POST /mint/checkpoints/interpolate`).
    public struct InterpolateCheckpointsRequest: Sendable, Equatable {
        /// What to mix.
        public var sourcePaths: [String]
        /// How much of each.
        public var coefficients: [Double]
        /// Where to; nil leaves it to the service.
        public var outputPath: String?
        /// `sampler` or `training`.
        public var outputKind: String

        /// Made of its parts.
        public init(
            sourcePaths: [String], coefficients: [Double], outputPath: String? = nil, outputKind: String = "sampler"
        ) {
            self.sourcePaths = sourcePaths
            self.coefficients = coefficients
            self.outputPath = outputPath
            self.outputKind = outputKind
        }
    }
}

extension Wire.InterpolateCheckpointsRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        sourcePaths = try json.value("source_paths")
        coefficients = try json.value("coefficients")
        outputPath = try json.optional("output_path")
        outputKind = try json.value("output_checkpoint_type", default: "sampler")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("mint_interpolate_checkpoints")
        json.member("source_paths", sourcePaths)
        json.member("coefficients", coefficients)
        json.member("output_path", orNull: outputPath)
        json.member("output_checkpoint_type", outputKind)
    }
}

extension Wire {
    /// The checkpoint that was mixed.
    public struct InterpolateCheckpointsResult: Sendable, Equatable {
        /// Where it is.
        public var path: String
        /// `sampler` or `training`.
        public var kind: String
        /// What was mixed.
        public var sourcePaths: [String]
        /// How much of each.
        public var coefficients: [Double]
        /// Whether it is split by rank.
        public var hasRankShards: Bool

        /// Made of its parts.
        public init(
            path: String, kind: String, sourcePaths: [String], coefficients: [Double], hasRankShards: Bool = false
        ) {
            self.path = path
            self.kind = kind
            self.sourcePaths = sourcePaths
            self.coefficients = coefficients
            self.hasRankShards = hasRankShards
        }
    }
}

extension Wire.InterpolateCheckpointsResult: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        path = try json.value("path")
        kind = try json.value("checkpoint_type")
        sourcePaths = try json.value("source_paths")
        coefficients = try json.value("coefficients")
        hasRankShards = try json.value("has_rank_shards", default: false)
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "mint_interpolate_checkpoints")
        json.member("path", path)
        json.member("checkpoint_type", kind)
        json.member("source_paths", sourcePaths)
        json.member("coefficients", coefficients)
        json.member("has_rank_shards", hasRankShards)
    }
}

extension Wire {
    /// The gradient of the divergence from another model (MinT's `POST /mint/forward_backward_reverse_kl`).
    public struct ReverseKLRequest: Sendable, Equatable {
        /// The model to train.
        public var modelID: String
        /// The model to come near to.
        public var referenceModelPath: String
        /// What to compare them on.
        public var data: [ReverseKLDatum]
        /// Divides the logits.
        public var temperature: Double
        /// The call's place among the model's calls; nil for none.
        public var sequenceID: Int?

        /// Made of its parts.
        public init(
            modelID: String, referenceModelPath: String, data: [ReverseKLDatum], temperature: Double = 1,
            sequenceID: Int? = nil
        ) {
            self.modelID = modelID
            self.referenceModelPath = referenceModelPath
            self.data = data
            self.temperature = temperature
            self.sequenceID = sequenceID
        }
    }
}

extension Wire.ReverseKLRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelID = try json.value("model_id")
        referenceModelPath = try json.value("reference_model_path")
        data = try json.value("data")
        temperature = try json.value("temperature", default: 1)
        sequenceID = try json.optional("seq_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("mint_forward_backward_reverse_kl")
        json.member("model_id", modelID)
        json.member("reference_model_path", referenceModelPath)
        json.member("data", data)
        json.member("temperature", temperature)
        json.member("seq_id", orNull: sequenceID)
    }
}

extension Wire {
    /// A sequence on which two models are compared.
    public struct ReverseKLDatum: Sendable, Equatable {
        /// What the model to train reads.
        public var studentInput: ModelInput
        /// What the other model reads.
        public var referenceInput: ModelInput
        /// The targets.
        public var targetTokens: TensorData
        /// The weight of each target.
        public var weights: TensorData

        /// Made of its parts.
        public init(
            studentInput: ModelInput, referenceInput: ModelInput, targetTokens: TensorData, weights: TensorData
        ) {
            self.studentInput = studentInput
            self.referenceInput = referenceInput
            self.targetTokens = targetTokens
            self.weights = weights
        }
    }
}

extension Wire.ReverseKLDatum: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        studentInput = try json.value("student_input")
        referenceInput = try json.value("reference_input")
        targetTokens = try json.value("target_tokens")
        weights = try json.value("weights")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("student_input", studentInput)
        json.member("reference_input", referenceInput)
        json.member("target_tokens", targetTokens)
        json.member("weights", weights)
    }
}

extension Wire {
    /// The divergences.
    public struct ReverseKLResult: Sendable, Equatable {
        /// For each sequence.
        public var outputs: [ReverseKLOutput]
        /// Metrics of the call.
        public var metrics: [String: Double]

        /// Made of its parts.
        public init(outputs: [ReverseKLOutput], metrics: [String: Double] = [:]) {
            self.outputs = outputs
            self.metrics = metrics
        }
    }
}

extension Wire.ReverseKLResult: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        outputs = try json.value("outputs")
        metrics = try json.value("metrics", default: [:])
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "mint_forward_backward_reverse_kl")
        json.member("outputs", outputs)
        json.member("metrics", metrics)
    }
}

extension Wire {
    /// The divergence on one sequence.
    public struct ReverseKLOutput: Sendable, Equatable {
        /// Its value.
        public var loss: TensorData

        /// Made of its parts.
        public init(loss: TensorData) {
            self.loss = loss
        }
    }
}

extension Wire.ReverseKLOutput: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        loss = try json.value("loss")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("loss", loss)
    }
}

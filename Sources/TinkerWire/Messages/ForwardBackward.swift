package import JSON

extension Wire {
    /// The loss and its gradient for a chunk of datums (`POST /forward_backward`), or the loss alone (`POST /forward`; in protobuf
    /// a flag of the former).
    public struct ForwardBackwardRequest: Sendable, Equatable {
        /// The model.
        public var modelID: String
        /// The call's place among the model's calls.
        public var sequenceID: Int?
        /// The datums.
        public var data: [Datum]
        /// The loss's name.
        public var lossFn: String
        /// The loss's settings.
        public var lossFnConfig: [String: LossSetting]
        /// Whether no gradient is wanted.
        public var forwardOnly: Bool

        /// Made of its parts.
        public init(
            modelID: String, sequenceID: Int?, data: [Datum], lossFn: String, lossFnConfig: [String: LossSetting] = [:],
            forwardOnly: Bool = false
        ) {
            self.modelID = modelID
            self.sequenceID = sequenceID
            self.data = data
            self.lossFn = lossFn
            self.lossFnConfig = lossFnConfig
            self.forwardOnly = forwardOnly
        }
    }

    /// A setting of a loss.
    public enum LossSetting: Sendable, Equatable {
        case number(Double)
        case text(String)
    }

    /// What a forward pass returns.
    public struct ForwardBackwardOutput: Sendable, Equatable {
        /// Says how to read the outputs; everybody reads them alike.
        public var lossFnOutputType: String
        /// For each datum tensors by name.
        public var lossFnOutputs: [[String: TensorData]]
        /// Metrics by `name:reduction`.
        public var metrics: [String: Double]

        /// Made of its parts.
        public init(
            lossFnOutputType: String = "ArrayRecord", lossFnOutputs: [[String: TensorData]], metrics: [String: Double]
        ) {
            self.lossFnOutputType = lossFnOutputType
            self.lossFnOutputs = lossFnOutputs
            self.metrics = metrics
        }
    }
}

extension Wire.ForwardBackwardRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        forwardOnly = try json.member("forward_input") != nil
        modelID = try json.value("model_id")
        sequenceID = try json.optional("seq_id")
        let key = forwardOnly ? "forward_input" : "forward_backward_input"
        let input = try json.optional(key) { input throws(WireError) in
            let data: [Wire.Datum] = try input.value("data")
            try input.limits.check(data.count, \.data, "a request of \(data.count) datums")
            let config: [String: Wire.LossSetting] = try input.value("loss_fn_config", default: [:])
            return (data, lossFn: try input.value("loss_fn") as String, config)
        }
        guard let input else { throw .missing(path: key) }
        (data, lossFn, lossFnConfig) = input
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.key(forwardOnly ? "forward_input" : "forward_backward_input")
        json.object { json in
            json.member("data", data)
            json.member("loss_fn", lossFn)
            json.member("loss_fn_config", sparseNull: lossFnConfig.isEmpty ? nil : lossFnConfig)
        }
        json.member("model_id", modelID)
        json.member("seq_id", sequenceID)
    }
}

extension Wire.LossSetting: JSONCodable {
    package init(json: JSONNode) throws(WireError) {
        self = json.isString ? .text(try json.string()) : .number(try json.double())
    }

    package func write(to json: inout JSONWriter) {
        switch self {
        case .number(let value): json.value(value)
        case .text(let value): json.value(value)
        }
    }
}

extension Wire.ForwardBackwardOutput: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        lossFnOutputType = try json.value("loss_fn_output_type", default: "ArrayRecord")
        lossFnOutputs = try json.value("loss_fn_outputs")
        metrics = try json.value("metrics", default: [:])
        try json.limits.check(lossFnOutputs.count, \.data, "a result of \(lossFnOutputs.count) datums")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("loss_fn_output_type", lossFnOutputType)
        json.member("loss_fn_outputs", lossFnOutputs)
        json.member("metrics", metrics)
    }
}

package import JSON
public import TrainingAPI

extension Wire {
    /// Takes an optimizer step (`POST /optim_step`).
    public struct OptimStepRequest: Sendable, Equatable {
        /// The model.
        public var modelID: String
        /// The call's place among the model's calls.
        public var sequenceID: Int?
        /// What the step does.
        public var optimizer: Optimizer

        /// Made of its parts.
        public init(modelID: String, sequenceID: Int?, optimizer: Optimizer) {
            self.modelID = modelID
            self.sequenceID = sequenceID
            self.optimizer = optimizer
        }
    }

    /// The optimizers of the service.
    public enum Optimizer: Sendable, Equatable {
        /// AdamW.
        case adam(AdamParams)
        /// The service's own, whose meaning is not public.
        case dimuon(DimuonParams)
    }

    /// What a step of dimuon does.
    public struct DimuonParams: Sendable, Equatable {
        /// The step size.
        public var learningRate: Double
        /// The largest global L2 norm of the gradient; 0 means no clipping.
        public var gradClipNorm: Double
        /// The momentum's decay.
        public var beta1: Double

        /// Defaults are the SDK's.
        public init(learningRate: Double, gradClipNorm: Double = 0, beta1: Double = 0.9) {
            self.learningRate = learningRate
            self.gradClipNorm = gradClipNorm
            self.beta1 = beta1
        }
    }

    /// What an optimizer step returns.
    public struct OptimStepResult: Sendable, Equatable {
        /// Metrics by name.
        public var metrics: [String: Double]?

        /// Made of its parts.
        public init(metrics: [String: Double]?) { self.metrics = metrics }
    }
}

extension Wire.OptimStepRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        modelID = try json.value("model_id")
        sequenceID = try json.optional("seq_id")
        let other = try json.optional("optimizer_params") { params throws(WireError) -> Wire.Optimizer in
            let kind: String = try params.value("type", default: "adamw")
            switch kind {
            case "adam", "adamw": return .adam(try AdamParams(json: params))
            case "dimuon": return .dimuon(try Wire.DimuonParams(json: params))
            default: throw .unexpected(path: "type", expected: "adamw or dimuon", found: kind)
            }
        }
        optimizer = if let other { other } else { .adam(try json.value("adam_params", default: AdamParams())) }
    }

    package func writeMembers(to json: inout JSONWriter) {
        switch optimizer {
        case .adam(let params): json.member("adam_params", params)
        case .dimuon(let params): json.member("optimizer_params", params)
        }
        json.member("model_id", modelID)
        json.member("seq_id", sequenceID)
        json.type("optim_step")
    }
}

extension AdamParams: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        let normal = AdamParams()
        try self.init(
            learningRate: json.value("learning_rate", default: normal.learningRate),
            beta1: json.value("beta1", default: normal.beta1),
            beta2: json.value("beta2", default: normal.beta2),
            eps: json.value("eps", default: normal.eps),
            weightDecay: json.value("weight_decay", default: normal.weightDecay),
            gradClipNorm: json.value("grad_clip_norm", default: normal.gradClipNorm))
    }

    package func writeMembers(to json: inout JSONWriter) {
        let normal = AdamParams()
        json.member("learning_rate", learningRate)
        json.member("beta1", beta1, default: normal.beta1)
        json.member("beta2", beta2, default: normal.beta2)
        json.member("eps", eps, default: normal.eps)
        json.member("weight_decay", weightDecay, default: normal.weightDecay)
        json.member("grad_clip_norm", gradClipNorm, default: normal.gradClipNorm)
    }
}

extension Wire.DimuonParams: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        try self.init(
            learningRate: json.value("learning_rate"), gradClipNorm: json.value("grad_clip_norm", default: 0),
            beta1: json.value("beta1", default: 0.9))
    }

    package func writeMembers(to json: inout JSONWriter) {
        // Tells which optimizer this is, so no style leaves it out.
        json.member("type", "dimuon")
        json.member("learning_rate", learningRate)
        json.member("grad_clip_norm", gradClipNorm, default: 0)
        json.member("beta1", beta1, default: 0.9)
    }
}

extension Wire.OptimStepResult: JSONMessage {
    package init(json: JSONNode) throws(WireError) { metrics = try json.optional("metrics") }
    package func writeMembers(to json: inout JSONWriter) { json.member("metrics", metrics) }
}

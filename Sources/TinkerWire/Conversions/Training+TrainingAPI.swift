public import TrainingAPI

extension Wire.ForwardBackwardRequest {
    /// A request for these datums; every setting of the loss is named, so that services' other defaults do not matter.
    public init(
        modelID: String, sequenceID: Int?, data: [Datum], loss: LossFunction, forwardOnly: Bool = false,
        limits: WireLimits = WireLimits()
    ) throws(WireError) {
        var datums: [Wire.Datum] = []
        for datum in data { datums.append(try Wire.Datum(datum, limits: limits)) }
        self.init(
            modelID: modelID, sequenceID: sequenceID, data: datums, lossFn: loss.name.rawValue,
            lossFnConfig: loss.config.mapValues { .number($0) }, forwardOnly: forwardOnly)
    }

    /// The datums. Throws `unsupported` if there are pictures or sound among them.
    public func datums() throws(WireError) -> [Datum] {
        var datums: [Datum] = []
        for (index, datum) in data.enumerated() {
            do throws(WireError) { datums.append(try Datum(datum)) } catch {
                guard case .unsupported(let problem) = error else { throw error }
                throw .unsupported("datum \(index + 1): \(problem)")
            }
        }
        return datums
    }

    /// The loss's settings. Throws `unsupported` for one that is a text.
    public func lossSettings() throws(WireError) -> [String: Double] {
        var settings: [String: Double] = [:]
        for (name, setting) in lossFnConfig {
            guard case .number(let value) = setting else {
                throw .unsupported("setting '\(name)' of loss '\(lossFn)' is a text; this program's losses have numbers")
            }
            settings[name] = value
        }
        return settings
    }
}

extension Wire.ForwardBackwardOutput {
    /// An output as it is sent. Throws `tooLarge`.
    public init(_ output: ForwardBackwardOutput, limits: WireLimits = WireLimits()) throws(WireError) {
        self.init(lossFnOutputs: [], metrics: output.metrics)
        for outputs in output.lossFnOutputs {
            var tensors: [String: Wire.TensorData] = [:]
            for (name, tensor) in outputs { tensors[name] = try Wire.TensorData(tensor, limits: limits) }
            lossFnOutputs.append(tensors)
        }
    }
}

extension ForwardBackwardOutput {
    /// The output.
    public init(_ output: Wire.ForwardBackwardOutput) {
        self.init(
            lossFnOutputs: output.lossFnOutputs.map { $0.mapValues { $0.tensor() } }, metrics: output.metrics)
    }
}

extension Wire.OptimStepResult {
    /// A result as it is sent.
    public init(_ output: OptimStepOutput) { self.init(metrics: output.metrics) }
}

extension OptimStepOutput {
    /// The result; services may have no metrics.
    public init(_ result: Wire.OptimStepResult) { self.init(metrics: result.metrics ?? [:]) }
}

extension Wire.ServerCapabilities {
    /// What a service offers, as it is sent.
    public init(_ capabilities: ServerCapabilities) {
        self.init(
            supportedModels: capabilities.supportedModels.map {
                Wire.SupportedModel(
                    modelName: $0.modelName, maxContextLength: $0.maxContextLength, isTrainable: true, isSampleable: true)
            })
    }
}

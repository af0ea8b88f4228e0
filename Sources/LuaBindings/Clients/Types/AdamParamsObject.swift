public import LuaRuntime
public import TrainingAPI

/// The settings of an optimizer step as Lua holds them.
public final class AdamParamsObject: LuaObject, ParameterObject {
    /// The name of this type in Lua.
    public static let luaType = "AdamParams"
    /// The settings themselves.
    public let params: AdamParams

    /// Hands settings to Lua.
    public init(_ params: AdamParams) { self.params = params }

    var values: [(name: String, value: LuaValue)] {
        [
            ("learning_rate", .number(params.learningRate)), ("beta1", .number(params.beta1)),
            ("beta2", .number(params.beta2)), ("eps", .number(params.eps)),
            ("weight_decay", .number(params.weightDecay)),
            ("grad_clip_norm", .number(params.gradClipNorm)),
        ]
    }
}

extension AdamParams {
    /// Settings of a table of options; those left out have the defaults.
    init(_ reader: OptionReader) throws(LuaError) {
        self.init()
        var options = reader
        learningRate = try options.double("learning_rate", default: learningRate, in: 0 ... .infinity)
        beta1 = try options.double("beta1", default: beta1, in: 0...1)
        beta2 = try options.double("beta2", default: beta2, in: 0...1)
        eps = try options.double("eps", default: eps, in: 0 ... .infinity)
        weightDecay = try options.double("weight_decay", default: weightDecay, in: 0 ... .infinity)
        gradClipNorm = try options.double("grad_clip_norm", default: gradClipNorm, in: 0 ... .infinity)
        try options.finish()
    }
}

extension Registry {
    mutating func addAdamParams() {
        let parameters = [
            ParameterDoc("learning_rate", "number", default: "1e-4", "the size of the step"),
            ParameterDoc("beta1", "number", default: "0.9", "how slowly the mean of gradients changes"),
            ParameterDoc("beta2", "number", default: "0.95", "how slowly the mean of squared gradients changes"),
            ParameterDoc("eps", "number", default: "1e-12", "keeps the divisor from being 0"),
            ParameterDoc(
                "weight_decay", "number", default: "0",
                "first multiplies the weights by 1 - learning_rate * weight_decay"),
            ParameterDoc(
                "grad_clip_norm", "number", default: "0", "the largest norm of the whole gradient; 0 does not clip"),
        ]
        add(
            FunctionBinding(
                "rlhf.AdamParams", doc: "Makes the settings of an AdamW step.", style: .options, parameters: parameters,
                returns: "AdamParams", example: "trainer:optim_step(rlhf.AdamParams{learning_rate = 1e-4})"
            ) { .value(.object(AdamParamsObject(try AdamParams(OptionReader($0, 0))))) })
        add(TypeBinding(AdamParamsObject.self, doc: "The settings of an AdamW step.", parameters: parameters))
    }
}

import LuaRuntime
import Tokenizers
import TrainingAPI

/// What services answer, as plain Lua tables.
extension LuaValue {
    /// An array of token ids.
    init(ids: [Int]) { self = .table(LuaTable(array: ids.map { .integer($0) })) }

    /// Numbers by name.
    init(metrics: [String: Double]) {
        self = .table(LuaTable(fields: metrics.map { (name: $0.key, value: .number($0.value)) }))
    }

    /// An array of logprobs, with nil where there is none.
    init(logprobs: [Float?]) {
        self = .table(LuaTable(array: logprobs.map { $0.map { .number(Double($0)) } ?? .none }))
    }

    init(_ output: ForwardBackwardOutput) {
        let outputs = output.lossFnOutputs.map { output -> LuaValue in
            .table(LuaTable(fields: output.map { (name: $0.key, value: .tensor($0.value)) }))
        }
        self = .table([
            "loss_fn_outputs": .table(LuaTable(array: outputs)), "metrics": LuaValue(metrics: output.metrics),
        ])
    }

    init(_ response: SampleResponse, tokenizer: any Tokenizer) {
        let sequences = response.sequences.map { sequence -> LuaValue in
            .table([
                "tokens": LuaValue(ids: sequence.tokens), "logprobs": LuaValue(logprobs: sequence.logprobs),
                "stop_reason": .string(sequence.stopReason.rawValue),
                "text": .string(tokenizer.decode(sequence.tokens)),
            ])
        }
        self = .table([
            "sequences": .table(LuaTable(array: sequences)),
            "prompt_logprobs": response.promptLogprobs.map { LuaValue(logprobs: $0) } ?? .none,
        ])
    }

    init(_ capabilities: ServerCapabilities) {
        let models = capabilities.supportedModels.map { model -> LuaValue in
            .table(["model_name": .string(model.modelName), "max_context_length": .integer(model.maxContextLength)])
        }
        let losses = capabilities.supportedLossFunctions.map { LuaValue.string($0) }
        self = .table([
            "supported_models": .table(LuaTable(array: models)),
            "supported_loss_functions": .table(LuaTable(array: losses)),
            "supports_multiple_targets": .boolean(capabilities.supportsMultipleTargets),
        ])
    }
}

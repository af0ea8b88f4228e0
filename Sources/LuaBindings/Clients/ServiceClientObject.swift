public import LuaRuntime
public import TrainingAPI

/// A service as Lua holds it.
public final class ServiceClientObject: LuaObject {
    /// The name of this type in Lua.
    public static let luaType = "ServiceClient"
    /// The service itself.
    public let service: any TrainingService
    private let bindings: ClientBindings

    init(_ service: any TrainingService, bindings: ClientBindings) {
        self.service = service
        self.bindings = bindings
    }

    /// Waits for a training client and remembers its tokenizer.
    private func hand(over client: Future<any TrainingClient>) -> HostResult {
        let latest = bindings.latestTokenizer
        return .future(
            client.map { client in
                latest.tokenizer = client.tokenizer
                return [.object(TrainingClientObject(client))]
            })
    }

    private func createTrainer(_ context: CallContext) throws -> HostResult {
        var options = try OptionReader(context, 1)
        let model = try options.string("base_model", default: bindings.defaultModel)
        let config = LoraConfig(
            rank: try options.int("rank", default: 32, atLeast: 1),
            seed: try options.optional("seed", expected: "integer", \.integer),
            trainMlp: try options.bool("train_mlp", default: true),
            trainAttn: try options.bool("train_attn", default: true),
            trainUnembed: try options.bool("train_unembed", default: true))
        try options.finish()
        guard config.trainMlp || config.trainAttn || config.trainUnembed else {
            throw LuaError.usage(
                "\(options.functionName): there is nothing to train",
                hint: "let one of train_mlp, train_attn and train_unembed be true")
        }
        return hand(over: service.createLoraTrainingClient(baseModel: model, config: config))
    }

    private func createTrainer(_ context: CallContext, withOptimizer: Bool) throws -> HostResult {
        let path = try context.string(1)
        return hand(over: service.createTrainingClient(fromState: path, withOptimizer: withOptimizer))
    }

    private func createRestClient() throws(LuaError) -> RestClientObject {
        guard let client = service.restClient else {
            throw .usage("\(service.summary) keeps no runs and checkpoints that could be listed")
        }
        return RestClientObject(client, summary: service.summary, progress: bindings.progress)
    }

    private func createSampler(_ context: CallContext) throws -> HostResult {
        var options = try OptionReader(context, 1)
        let model = try options.optional("base_model", expected: "string", \.string)
        let path = try options.optional("model_path", expected: "string", \.string)
        try options.finish()
        let client: Future<any SamplingClient>
        switch (model, path) {
        case (_?, _?):
            throw LuaError.usage(
                "\(options.functionName): base_model and model_path exclude each other",
                hint: "saved weights know their base model; give model_path alone")
        case (nil, let path?): client = service.createSamplingClient(modelPath: path)
        case (let model, nil): client = service.createSamplingClient(baseModel: model ?? bindings.defaultModel)
        }
        let latest = bindings.latestTokenizer
        return .future(
            client.map { client in
                latest.tokenizer = client.tokenizer
                return [.object(SamplingClientObject(client))]
            })
    }
}

extension ServiceClientObject {
    static let binding = TypeBinding(
        name: luaType, doc: "A place where models are trained and sampled.",
        methods: [
            FunctionBinding(
                "get_server_capabilities", doc: "Tells what the service can do. Waits for the answer.",
                returns: "{supported_models, supported_loss_functions, supports_multiple_targets}",
                example: "service:get_server_capabilities().supported_models[1].model_name"
            ) { context in
                .future(
                    try context.object(0, as: ServiceClientObject.self).service.serverCapabilities().map {
                        [LuaValue($0)]
                    })
            },
            FunctionBinding(
                "create_lora_training_client",
                doc: "Starts a fresh LoRA adapter over a base model. Waits until the model is loaded.", style: .options,
                parameters: [
                    ParameterDoc("base_model", "string", default: "the session's model", "the model to adapt"),
                    ParameterDoc("rank", "integer", default: "32", "the rank of the adapter; alpha is 32"),
                    ParameterDoc("seed", "integer", default: "nil", "repeats the adapter's first weights"),
                    ParameterDoc("train_mlp", "boolean", default: "true", "whether the MLP is adapted"),
                    ParameterDoc("train_attn", "boolean", default: "true", "whether attention is adapted"),
                    ParameterDoc("train_unembed", "boolean", default: "true", "whether the unembedding is adapted"),
                ], returns: "TrainingClient",
                example: "local trainer = service:create_lora_training_client{rank = 16, seed = 0}"
            ) { try $0.object(0, as: ServiceClientObject.self).createTrainer($0) },
            FunctionBinding(
                "create_training_client_from_state",
                doc: "Continues from saved weights with a fresh optimizer. Waits until they are loaded.",
                parameters: [ParameterDoc("path", "string", "what save_state returned")], returns: "TrainingClient",
                example:
                    "local trainer = service:create_training_client_from_state(trainer:save_state('sft'):result().path)"
            ) { try $0.object(0, as: ServiceClientObject.self).createTrainer($0, withOptimizer: false) },
            FunctionBinding(
                "create_training_client_from_state_with_optimizer",
                doc: "Continues from saved weights with the optimizer as it was. Waits until they are loaded.",
                parameters: [ParameterDoc("path", "string", "what save_state returned")], returns: "TrainingClient",
                example: "local trainer = service:create_training_client_from_state_with_optimizer(path)"
            ) { try $0.object(0, as: ServiceClientObject.self).createTrainer($0, withOptimizer: true) },
            FunctionBinding(
                "create_sampling_client",
                doc: "Opens a base model, or saved weights, for sampling and scoring. Waits until the model is loaded.",
                style: .options,
                parameters: [
                    ParameterDoc("base_model", "string", default: "the session's model", "the model to sample from"),
                    ParameterDoc("model_path", "string", default: "nil", "or what save_weights_for_sampler returned"),
                ], returns: "SamplingClient",
                example: "local sampler = service:create_sampling_client{model_path = path}"
            ) { try $0.object(0, as: ServiceClientObject.self).createSampler($0) },
            FunctionBinding(
                "create_rest_client", doc: "Opens the list of the training runs and checkpoints that the service keeps.",
                returns: "RestClient",
                example: "#service:create_rest_client():list_user_checkpoints{}:result().checkpoints"
            ) { .value(.object(try $0.object(0, as: ServiceClientObject.self).createRestClient())) },
        ],
        operators: [
            FunctionBinding("__tostring", doc: "Shows which service it is.") {
                .value(.string("ServiceClient (\(try $0.object(0, as: ServiceClientObject.self).service.summary))"))
            }
        ])
}

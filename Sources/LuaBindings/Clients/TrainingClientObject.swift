public import LuaRuntime
public import TrainingAPI

/// A training client as Lua holds it.
public final class TrainingClientObject: LuaObject {
    /// The name of this type in Lua.
    public static let luaType = "TrainingClient"
    /// The client itself.
    public let client: any TrainingClient

    /// Hands a training client to Lua.
    public init(_ client: any TrainingClient) { self.client = client }
}

extension TrainingClientObject {
    static let binding = TypeBinding(
        name: luaType,
        doc:
            "Trains an adapter. Calls take effect in the order in which they were made, so none has to wait for the one before.",
        properties: [
            FunctionBinding("base_model", doc: "The model that is adapted.", returns: "string") {
                .value(.string(try $0.trainer.baseModel))
            },
            FunctionBinding("rank", doc: "The rank of the adapter.", returns: "integer") {
                .value(.integer(try $0.trainer.loraConfig.rank))
            },
            FunctionBinding("max_context_length", doc: "The most tokens of a sequence.", returns: "integer") {
                .value(.integer(try $0.trainer.maxContextLength))
            },
        ],
        methods: passes + checkpoints,
        operators: [
            FunctionBinding("__tostring", doc: "Shows the model and the adapter.") {
                let client = try $0.trainer
                return .value(.string("TrainingClient (\(client.baseModel), \(client.loraConfig.summary))"))
            }
        ])

    private static let dataDoc = ParameterDoc("data", "Datum[]", "the batch")
    private static let nameDoc = ParameterDoc("name", "string", "a name for the checkpoint")
    private static let outputDoc =
        "Future of {loss_fn_outputs = {{logprobs = Tensor}, ...}, metrics = {['loss:sum'] = number}}"
    private static let lossDocs = [
        dataDoc, ParameterDoc("loss_fn", "string", "cross_entropy, importance_sampling, ppo, cispo or dro"),
        ParameterDoc("loss_fn_config", "table", default: "{}", "settings of the loss by name"),
    ]

    private static let passes = [
        FunctionBinding(
            "forward", doc: "Computes a loss and the logprobs of all targets, without gradients.", parameters: lossDocs,
            returns: outputDoc,
            example: "print(trainer:forward(data, 'cross_entropy'):result().metrics['loss:sum'])"
        ) { context in
            .future(try context.trainer.forward(context.datums(1), loss: context.lossFunction(2))) { LuaValue($0) }
        },
        FunctionBinding(
            "forward_backward",
            doc: "Computes a loss and adds its gradient to what has accumulated since the last step.",
            parameters: lossDocs,
            returns: outputDoc,
            example: "trainer:forward_backward(data, 'ppo', {clip_low_threshold = 0.8, clip_high_threshold = 1.2})"
        ) { context in
            .future(try context.trainer.forwardBackward(context.datums(1), loss: context.lossFunction(2))) {
                LuaValue($0)
            }
        },
        FunctionBinding(
            "forward_backward_custom",
            doc: """
                Like forward_backward with a loss of your own. The function gets the data and for each datum the logprobs of its \
                targets, as tensors that carry gradients, and returns the loss as a tensor, and metrics if it likes.
                """,
            parameters: [
                dataDoc,
                ParameterDoc(
                    "loss_fn", "function(data, logprobs) -> Tensor, table", "runs as a task while the session waits"),
            ], returns: outputDoc,
            example: """
                trainer:forward_backward_custom(data, function(data, logprobs)
                    local margin = logprobs[1]:sum() - logprobs[2]:sum()
                    return -margin:logsigmoid(), {margin = margin:item()}
                end)
                """
        ) { context in
            let data = try context.datums(1)
            let loss = try customLoss(context)
            return .future(try context.trainer.forwardBackwardCustom(data, loss: loss)) { LuaValue($0) }
        },
        FunctionBinding(
            "optim_step", doc: "Takes one AdamW step with the accumulated gradient and clears it.",
            parameters: [ParameterDoc("params", "AdamParams", default: "the defaults", "the step's settings")],
            returns: "Future of {metrics = {grad_norm = number}}",
            example: "trainer:optim_step(rlhf.AdamParams{learning_rate = 1e-4}):result()"
        ) { context in
            .future(try context.trainer.optimStep(context.adamParams(1))) {
                .table(["metrics": LuaValue(metrics: $0.metrics)])
            }
        },
    ]

    private static let checkpoints = [
        FunctionBinding(
            "save_state", doc: "Saves the weights and the optimizer.", parameters: [nameDoc],
            returns: "Future of {path}",
            example: "local path = trainer:save_state('sft'):result().path"
        ) { .path(try $0.trainer.saveState(name: $0.string(1))) },
        FunctionBinding(
            "load_state", doc: "Loads saved weights and starts a fresh optimizer.",
            parameters: [ParameterDoc("path", "string", "what save_state returned")], returns: "Future of {path}",
            example: "trainer:load_state(path):result()"
        ) { context in
            let path = try context.string(1)
            return .path(try context.trainer.loadState(path: path).map { path })
        },
        FunctionBinding(
            "load_state_with_optimizer", doc: "Loads saved weights and the optimizer as it was.",
            parameters: [ParameterDoc("path", "string", "what save_state returned")], returns: "Future of {path}",
            example: "trainer:load_state_with_optimizer(path):result()"
        ) { context in
            let path = try context.string(1)
            return .path(try context.trainer.loadStateWithOptimizer(path: path).map { path })
        },
        FunctionBinding(
            "save_weights_for_sampler", doc: "Saves the weights for sampling.", parameters: [nameDoc],
            returns: "Future of {path}",
            example: "local path = trainer:save_weights_for_sampler('final'):result().path"
        ) { .path(try $0.trainer.saveWeightsForSampler(name: $0.string(1))) },
        FunctionBinding(
            "save_weights_and_get_sampling_client",
            doc: "Opens the present weights for sampling. Waits; without a name nothing is written to disk.",
            parameters: [ParameterDoc("name", "string", default: "nil", "a name for the checkpoint")],
            returns: "SamplingClient",
            example: "local sampler = trainer:save_weights_and_get_sampling_client()"
        ) { context in
            let name = context[1].isNone ? nil : try context.string(1)
            let client = try context.trainer.saveWeightsAndGetSamplingClient(name: name)
            return .future(client.map { [.object(SamplingClientObject($0))] })
        },
        FunctionBinding(
            "get_tokenizer", doc: "Gives the model's tokenizer.", returns: "Tokenizer",
            example: "local ids = trainer:get_tokenizer():encode('Hello')"
        ) { .value(.object(TokenizerObject(try $0.trainer.requiredTokenizer()))) },
    ]
}

extension CallContext {
    fileprivate var trainer: any TrainingClient {
        get throws(LuaError) { try object(0, as: TrainingClientObject.self).client }
    }
}

extension HostResult {
    fileprivate static func path(_ path: Future<String>) -> HostResult {
        .future(path) { .table(["path": .string($0)]) }
    }
}

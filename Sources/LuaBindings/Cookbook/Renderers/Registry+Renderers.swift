import Cookbook
import Glibc
import LuaRuntime

extension Registry {
    /// `rlhf.renderers`, `rlhf.TrainOnWhat`, and what is known of models by name.
    mutating func addRenderers(_ context: CookbookContext) {
        describe(module: "rlhf.renderers", "How conversations become token ids and back.")
        describe(module: "rlhf.model_info", "What is known of models by name.")
        describe(module: "rlhf.hyperparam_utils", "Rules of thumb for settings, by model.")
        add(RendererObject.binding)
        add(TrainOnWhatObject.binding)
        add(
            ConstantBinding(
                "rlhf.TrainOnWhat", doc: "Which tokens of a conversation carry loss.", type: TrainOnWhatObject.luaType,
                value: .object(TrainOnWhatObject())))
        add(
            FunctionBinding(
                "rlhf.renderers.get_renderer", doc: "A renderer by name, writing with a model's tokenizer.",
                parameters: [
                    ParameterDoc("name", "string", "for instance \"chatml\"; get_renderer_names lists all"),
                    ParameterDoc("tokenizer", "Tokenizer", "of the model that will read the tokens"),
                ], returns: "Renderer",
                example: "local renderer = rlhf.renderers.get_renderer(\"chatml\", trainer:get_tokenizer())"
            ) { call in
                let name = try call.string(0)
                let tokenizer = try call.object(1, as: TokenizerObject.self).tokenizer
                let renderer = try cookbook { try Renderers.named(name, tokenizer: tokenizer) }
                return .value(.object(RendererObject(renderer)))
            },
            FunctionBinding(
                "rlhf.renderers.get_renderer_names", doc: "The names of all renderers, registered ones last.",
                returns: "a list of strings",
                example: "print(table.concat(rlhf.renderers.get_renderer_names(), \", \"))"
            ) { _ in .value(LuaValue(list: Renderers.names.map { .string($0) })) },
            Self.registerRenderer,
            FunctionBinding(
                "rlhf.renderers.unregister", doc: "Forgets a renderer that was registered.",
                parameters: [ParameterDoc("name", "string", "its name")], returns: "whether there was one",
                example: "rlhf.renderers.unregister(\"question-answer\")"
            ) { .value(.boolean(Renderers.unregister(try $0.string(0)))) },
            FunctionBinding(
                "rlhf.model_info.get_recommended_renderer_name",
                doc: "The renderer that runners use with a model unless told otherwise.",
                parameters: [Self.modelParameter(context)], returns: "string",
                example: "local name = rlhf.model_info.get_recommended_renderer_name(\"SmolLM2-135M-Instruct\")"
            ) { call in
                let model = call[0].isNone ? context.modelName : try call.string(0)
                return .value(.string(try cookbook { try Renderers.recommendedName(model: model) }))
            },
            FunctionBinding(
                "rlhf.model_info.get_recommended_renderer_names",
                doc:
                    """
                    All renderers that fit a model, the preferred one first, also those that this program \
                    does not have.
                    """,
                parameters: [Self.modelParameter(context)], returns: "a list of strings",
                example: "local names = rlhf.model_info.get_recommended_renderer_names(\"Qwen/Qwen3-8B\")"
            ) { call in
                let model = call[0].isNone ? context.modelName : try call.string(0)
                let names = try cookbook { try ModelInfo.recommendedRenderers(model: model) }
                return .value(LuaValue(list: names.map { .string($0) }))
            })
        addHyperparameters(context)
    }

    private static func modelParameter(_ context: CookbookContext) -> ParameterDoc {
        ParameterDoc("model", "string", default: "the session's model", "the model's name or path")
    }

    private static let registerRenderer = FunctionBinding(
        "rlhf.renderers.register",
        doc: """
            Makes a renderer of your own known under a name. Texts are encoded piece by piece; control tokens such \
            as "<|im_end|>" are \
            recognised everywhere but in `output`, so that nobody's words can forge a turn.
            """,
        parameters: [
            ParameterDoc("name", "string", "what get_renderer and renderer_name call it"),
            ParameterDoc(
                "format", "table",
                """
                `render_message`: function(message) returning {header =, output =, ending =, separator =}, of which \
                output and ending \
                are what the model writes itself; `generation_header`: what announces a reply; `stop`: strings or \
                token ids that end \
                one (default: the end of text); `begin`: what begins every text (default: nothing). Each piece is a \
                string or a \
                list of strings and token ids.
                """),
        ],
        example: """
            rlhf.renderers.register("question-answer", {
              render_message = function(message)
                local tag = message.role == "assistant" and "A:" or "Q:"
                return {header = tag, output = " " .. message.content, ending = "\\n"}
              end,
              generation_header = "A:", stop = {"\\n"},
            })
            """
    ) { call in
        let name = try call.string(0)
        guard !name.isEmpty else { throw LuaError.usage("\(call.functionName): the name is empty") }
        var options = OptionReader("register", try call.table(1))
        let format = LuaRenderer.Format(
            renderMessage: try options.function("render_message"),
            generationHeader: options.value("generation_header"), begin: options.value("begin"),
            stop: options.value("stop"))
        if !options.value("parse_response").isNone {
            throw LuaError.usage(
                "\(call.functionName): parse_response cannot be replaced",
                hint: "a reply is the text before `stop`; take it apart where you use it")
        }
        try options.finish()
        guard !format.generationHeader.isNone else {
            throw LuaError.usage(
                "\(call.functionName): generation_header is missing",
                hint: "say what announces a reply, for instance \"Assistant:\"")
        }
        let luaThread = pthread_self()
        Renderers.register(name) { (tokenizer) throws(CookbookError) in
            try LuaRenderer(name: name, format: format, tokenizer: tokenizer, luaThread: luaThread)
        }
        return .nothing
    }

    private mutating func addHyperparameters(_ context: CookbookContext) {
        add(
            FunctionBinding(
                "rlhf.hyperparam_utils.get_lr",
                doc: "A learning rate to start from, by the model's family and hidden size.",
                parameters: [
                    Self.modelParameter(context),
                    ParameterDoc(
                        "options", "table", default: "{}",
                        """
                        `is_lora` (true): for LoRA, ten times that of full fine-tuning; `hidden_size`: \
                        for models whose size is not known by name
                        """
                    ),
                ], returns: "number", example: "local lr = rlhf.hyperparam_utils.get_lr(\"SmolLM2-135M-Instruct\")"
            ) { call in
                let model = call[0].isNone ? context.modelName : try call.string(0)
                var options = try OptionReader(call, 1)
                let isLora = try options.bool("is_lora", default: true)
                let hiddenSize = try options.value("hidden_size", as: Int.self)
                try options.finish()
                let rate = try cookbook { try Hyperparameters.getLR(model, isLora: isLora, hiddenSize: hiddenSize) }
                return .value(.number(rate))
            },
            FunctionBinding(
                "rlhf.hyperparam_utils.get_lora_param_count", doc: "The number of parameters of a LoRA adapter.",
                parameters: [
                    Self.modelParameter(context),
                    ParameterDoc(
                        "options", "table", default: "{}",
                        "`lora_rank` (32), `train_mlp`, `train_attn`, `train_unembed` (all true)"),
                ], returns: "integer",
                example: "rlhf.hyperparam_utils.get_lora_param_count(\"SmolLM2-135M-Instruct\", {lora_rank = 16})"
            ) { call in
                let model = call[0].isNone ? context.modelName : try call.string(0)
                var options = try OptionReader(call, 1)
                let rank = try options.int("lora_rank", default: 32, atLeast: 1)
                let mlp = try options.bool("train_mlp", default: true)
                let attention = try options.bool("train_attn", default: true)
                let unembed = try options.bool("train_unembed", default: true)
                try options.finish()
                let count = try cookbook {
                    try Hyperparameters.getLoraParamCount(
                        model, rank: rank, trainMlp: mlp, trainAttn: attention, trainUnembed: unembed)
                }
                return .value(.integer(count))
            },
            FunctionBinding(
                "rlhf.hyperparam_utils.get_lora_lr_over_full_finetune_lr",
                doc: "How much higher the learning rate of LoRA may be than that of full fine-tuning.",
                returns: "number",
                example: "rlhf.hyperparam_utils.get_lora_lr_over_full_finetune_lr()"
            ) { _ in .value(.number(Hyperparameters.loraOverFullFineTuning)) })
    }
}

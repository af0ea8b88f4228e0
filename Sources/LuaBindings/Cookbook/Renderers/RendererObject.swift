import Cookbook
import LuaRuntime
import Tensors
import TrainingAPI

/// A renderer as Lua holds it.
final class RendererObject: LuaObject {
    static let luaType = "Renderer"
    let renderer: any Renderer

    init(_ renderer: any Renderer) { self.renderer = renderer }
}

extension RendererObject {
    /// The type in Lua. Rendering runs away from the Lua thread, because a renderer may be made of Lua functions.
    static let binding = TypeBinding(
        name: luaType,
        doc: "Writes conversations as token ids in one model family's format, and reads responses back.",
        properties: [
            FunctionBinding("name", doc: "The name under which get_renderer finds it.", returns: "string") {
                .value(.string(try $0.object(0, as: RendererObject.self).renderer.name))
            },
            FunctionBinding("tokenizer", doc: "The tokenizer it writes with.", returns: "Tokenizer") {
                .value(.object(TokenizerObject(try $0.object(0, as: RendererObject.self).renderer.tokenizer)))
            },
        ],
        methods: [
            FunctionBinding(
                "build_generation_prompt",
                doc: "The conversation up to where the assistant's reply begins: what to sample from.",
                parameters: [
                    messagesParameter,
                    ParameterDoc(
                        "options", "table", default: "{}", "`prefill`: the first words of the reply, already given"),
                ], returns: "ModelInput",
                example: "local prompt = renderer:build_generation_prompt{{role = \"user\", content = \"Hi\"}}"
            ) { context in
                let renderer = try context.object(0, as: RendererObject.self).renderer
                let messages = try context[1].messages(place: "\(context.functionName): messages")
                var options = try OptionReader(context, 2)
                let prefill = try options.value("prefill", as: String.self)
                try options.finish()
                return .work { [.modelInput(try renderer.buildGenerationPrompt(messages, prefill: prefill))] }
            },
            FunctionBinding(
                "build_supervised_example",
                doc: "The whole conversation, and for each token how much it counts in the loss.",
                parameters: [messagesParameter, trainOnWhatParameter],
                returns: "ModelInput of N tokens, and a Tensor of N weights",
                example:
                    """
                    local input, weights = renderer:build_supervised_example(messages, \
                    rlhf.TrainOnWhat.LAST_ASSISTANT_MESSAGE)
                    """
            ) { context in
                let renderer = try context.object(0, as: RendererObject.self).renderer
                let messages = try context[1].messages(place: "\(context.functionName): messages")
                let mode = try context.trainOnWhat(2)
                return .work {
                    let example = try renderer.buildSupervisedExample(messages, trainOnWhat: mode)
                    return [.modelInput(ModelInput(tokens: example.tokens)), .tensor(Tensor(example.weights))]
                }
            },
            FunctionBinding(
                "parse_response",
                doc:
                    """
                    The message in sampled tokens, and how it ended: \"stop_sequence\", \"eos\", or \
                    \"malformed\" when it was cut off.
                    """,
                parameters: [ParameterDoc("tokens", "integer[]", "the sampled token ids, the stop included")],
                returns: "a message {role, content}, and the ending",
                example: "local message, ending = renderer:parse_response(response.sequences[1].tokens)"
            ) { context in
                let renderer = try context.object(0, as: RendererObject.self).renderer
                let tokens = try context.tokenIDs(1)
                return .work {
                    let parsed = renderer.parseResponse(tokens)
                    return [LuaValue(parsed.message), .string(parsed.termination.rawValue)]
                }
            },
            FunctionBinding(
                "get_stop_sequences", doc: "What ends a reply, to be passed as `stop` of SamplingParams.",
                returns: "a list of token ids or of strings",
                example: "local params = rlhf.SamplingParams{max_tokens = 64, stop = renderer:get_stop_sequences()}"
            ) { context in
                switch try context.object(0, as: RendererObject.self).renderer.stopCondition {
                case .none: .value(LuaValue(list: []))
                case .strings(let strings): .value(LuaValue(list: strings.map { .string($0) }))
                case .tokens(let tokens): .value(LuaValue(list: tokens.map { .integer($0) }))
                }
            },
        ],
        operators: [
            FunctionBinding("__tostring", doc: "Shows its name.") {
                .value(.string("Renderer(\(try $0.object(0, as: RendererObject.self).renderer.name))"))
            }
        ])

    static let messagesParameter = ParameterDoc(
        "messages", "table[]", "the conversation: {{role = \"user\", content = \"...\"}, ...}")

    static let trainOnWhatParameter = ParameterDoc(
        "train_on_what", "string", default: "rlhf.TrainOnWhat.ALL_ASSISTANT_MESSAGES", "which tokens carry loss")
}

extension CallContext {
    /// A mode of training, all assistant messages unless given.
    func trainOnWhat(_ index: Int) throws(LuaError) -> TrainOnWhat {
        if self[index].isNone { return .allAssistantMessages }
        let text = try string(index)
        guard let mode = TrainOnWhat(rawValue: text) else {
            throw .usage(
                "\(functionName): train_on_what cannot be \"\(text)\"",
                hint: NearMatches.hint(
                    text, among: TrainOnWhat.allCases.map(\.rawValue), what: "it is one of"))
        }
        return mode
    }
}

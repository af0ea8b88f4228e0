public import LuaRuntime
public import TrainingAPI

/// A sampling client as Lua holds it.
public final class SamplingClientObject: LuaObject {
    /// The name of this type in Lua.
    public static let luaType = "SamplingClient"
    /// The client itself.
    public let client: any SamplingClient

    /// Hands a sampling client to Lua.
    public init(_ client: any SamplingClient) { self.client = client }

    private func sample(_ context: CallContext) throws -> HostResult {
        var options = try OptionReader(context, 1)
        let prompt = try options.tokenIDs("prompt")
        let numSamples = try options.int("num_samples", default: 1, atLeast: 1)
        let params = try options.samplingParams("sampling_params")
        let includePromptLogprobs = try options.bool("include_prompt_logprobs", default: false)
        try options.finish()
        let response = client.sample(
            prompt: ModelInput(tokens: prompt), numSamples: numSamples, params: params,
            includePromptLogprobs: includePromptLogprobs)
        let tokenizer = client.tokenizer
        return .future(response) { LuaValue($0, tokenizer: tokenizer) }
    }
}

extension SamplingClientObject {
    static let binding = TypeBinding(
        name: luaType, doc: "Draws text from a model, and scores text with it.",
        properties: [
            FunctionBinding("base_model", doc: "The model that is sampled from.", returns: "string") {
                .value(.string(try $0.sampler.baseModel))
            },
            FunctionBinding("max_context_length", doc: "The most tokens of a sequence.", returns: "integer") {
                .value(.integer(try $0.sampler.maxContextLength))
            },
        ],
        methods: [
            FunctionBinding(
                "sample",
                doc:
                    "Draws continuations of a prompt. Logprobs are those of the model at temperature 1; text is decoded tokens.",
                style: .options,
                parameters: [
                    ParameterDoc("prompt", "ModelInput", "what to continue; an array of token ids will do"),
                    ParameterDoc("num_samples", "integer", default: "1", "how many continuations"),
                    ParameterDoc("sampling_params", "SamplingParams", default: "the defaults", "how tokens are drawn"),
                    ParameterDoc(
                        "include_prompt_logprobs", "boolean", default: "false", "whether the prompt is scored as well"),
                ],
                returns: "Future of {sequences = {{tokens, logprobs, stop_reason, text}, ...}, prompt_logprobs}",
                example: """
                    local response = sampler:sample{
                        prompt = rlhf.ModelInput.from_ints(tok:encode("Once upon a time")), num_samples = 2,
                        sampling_params = rlhf.SamplingParams{max_tokens = 20, seed = 1} }:result()
                    print(response.sequences[1].text)
                    """
            ) { try $0.object(0, as: SamplingClientObject.self).sample($0) },
            FunctionBinding(
                "compute_logprobs",
                doc: "Scores a text: the logprob of each token given those before it, nil for the first.",
                parameters: [ParameterDoc("model_input", "ModelInput", "the text; an array of token ids will do")],
                returns: "Future of {nil, logprob, ...}",
                example: "local logprobs = sampler:compute_logprobs(tok:encode('The sky is blue')):result()"
            ) { context in
                let tokens = try context.tokenIDs(1)
                return .future(try context.sampler.computeLogprobs(ModelInput(tokens: tokens))) {
                    LuaValue(logprobs: $0)
                }
            },
            FunctionBinding(
                "get_tokenizer", doc: "Gives the model's tokenizer.", returns: "Tokenizer",
                example: "local ids = sampler:get_tokenizer():encode('Hello')"
            ) { .value(.object(TokenizerObject(try $0.sampler.requiredTokenizer()))) },
        ],
        operators: [
            FunctionBinding("__tostring", doc: "Shows the model.") {
                .value(.string("SamplingClient (\(try $0.sampler.baseModel))"))
            }
        ])
}

extension CallContext {
    fileprivate var sampler: any SamplingClient {
        get throws(LuaError) { try object(0, as: SamplingClientObject.self).client }
    }
}

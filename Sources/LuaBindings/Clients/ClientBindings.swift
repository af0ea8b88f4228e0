public import Cookbook
import LuaRuntime
public import TrainingAPI

/// What a session lends to the client layer of the Lua surface.
public struct ClientBindings: Sendable {
    /// Opens the service that a script asks for.
    public let service: @Sendable (ServiceOptions) throws -> any TrainingService
    /// The model of clients that are asked for without one.
    public let defaultModel: String
    /// Where downloads tell how far they are.
    let progress: any ProgressSink
    let latestTokenizer = LatestTokenizer()

    /// The client layer over a session's service and model.
    public init(
        service: @escaping @Sendable (ServiceOptions) throws -> any TrainingService, defaultModel: String,
        progress: any ProgressSink = SilentProgress()
    ) {
        self.service = service
        self.progress = progress
        self.defaultModel = defaultModel
    }

    func openService(_ context: CallContext) throws -> ServiceClientObject {
        var options = try OptionReader(context, 0)
        let wanted = ServiceOptions(
            baseURL: try options.optional("base_url", expected: "string", \.string),
            apiKey: try options.optional("api_key", expected: "string", \.string),
            tokenizer: try options.optional("tokenizer", expected: "string", \.string))
        try options.finish()
        return ServiceClientObject(try service(wanted), bindings: self)
    }
}

extension Registry {
    /// `rlhf.ServiceClient`, the types of its clients, and the data that they take (section 3 of the Lua surface).
    public mutating func addClients(_ bindings: ClientBindings) {
        add(
            FunctionBinding(
                "rlhf.ServiceClient",
                doc: "Opens the session's service or a remote one, from which training and sampling clients are made.",
                style: .options,
                parameters: [
                    ParameterDoc(
                        "base_url", "string", default: "the session's service",
                        "the address of a remote service, or tinker or mint"),
                    ParameterDoc("api_key", "string", default: "from the environment", "the key to a remote service"),
                    ParameterDoc(
                        "tokenizer", "string", default: "by the model's name",
                        "a remote model's tokenizer.json, the folder with it, or a GGUF file of the same vocabulary"),
                ], returns: "ServiceClient",
                example: """
                    local service = rlhf.ServiceClient{}
                    local trainer = service:create_lora_training_client{rank = 8}
                    """
            ) { .value(.object(try bindings.openService($0))) })
        add(ServiceClientObject.binding)
        add(RestClientObject.binding)
        add(TrainingClientObject.binding)
        add(SamplingClientObject.binding)
        add(TokenizerObject.binding)
        addModelInputs()
        addDatums(latestTokenizer: bindings.latestTokenizer)
        addAdamParams()
        addSamplingParams()
        addTokenDisplay(latestTokenizer: bindings.latestTokenizer)
    }
}

/// What `rlhf.ServiceClient{}` says about the service it wants.
public struct ServiceOptions: Sendable, Equatable {
    /// The address of a remote service; nil for the session's own.
    public var baseURL: String?
    /// The key to a remote service.
    public var apiKey: String?
    /// The file of a remote model's tokenizer.
    public var tokenizer: String?

    /// The session's own service unless an address is given.
    public init(baseURL: String? = nil, apiKey: String? = nil, tokenizer: String? = nil) {
        self.baseURL = baseURL
        self.apiKey = apiKey
        self.tokenizer = tokenizer
    }
}

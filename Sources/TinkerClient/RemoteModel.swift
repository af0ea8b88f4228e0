import Tokenizers

/// A model of a service, as far as clients need to know it.
struct RemoteModel: Sendable {
    /// The base model's name.
    let name: String
    let tokenizer: any Tokenizer
    /// The most tokens of a sequence, if the service says it.
    let contextLength: Int?

    /// What clients report where a service does not say how long sequences may be. Nothing is refused because of it.
    static let assumedContextLength = 32768
}

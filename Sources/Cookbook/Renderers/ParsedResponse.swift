/// How a sampled response ended.
public enum ParseTermination: String, Sendable {
    /// With the renderer's own stop.
    case stopSequence = "stop_sequence"
    /// With the tokenizer's end-of-text token, which is not the renderer's stop.
    case eos
    /// Cut off, or with stops where none belong.
    case malformed

    /// Whether the response ended on its own, once.
    public var isClean: Bool { self != .malformed }
}

/// A sampled response as a message.
public struct ParsedResponse: Sendable, Equatable {
    /// An assistant message without the stop.
    public var message: Message
    /// How the response ended.
    public var termination: ParseTermination

    /// A message and how it ended.
    public init(message: Message, termination: ParseTermination) {
        self.message = message
        self.termination = termination
    }
}

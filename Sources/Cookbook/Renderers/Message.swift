/// One turn of a conversation.
public struct Message: Sendable, Equatable, Hashable, Codable {
    /// `system`, `user` or `assistant`; renderers that write any role take others as well.
    public var role: String
    /// The text, as it will be written: never trimmed.
    public var content: String
    /// Whether this message is trained under `TrainOnWhat.customized`; must be nil under every other mode.
    public var trainable: Bool?

    /// A message of a role.
    public init(role: String, content: String, trainable: Bool? = nil) {
        self.role = role
        self.content = content
        self.trainable = trainable
    }
}

extension Message {
    /// A system message.
    public static func system(_ content: String) -> Message { Message(role: "system", content: content) }
    /// A user message.
    public static func user(_ content: String) -> Message { Message(role: "user", content: content) }
    /// An assistant message.
    public static func assistant(_ content: String) -> Message { Message(role: "assistant", content: content) }
}

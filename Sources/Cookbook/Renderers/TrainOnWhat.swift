/// Which tokens of a rendered conversation carry loss. The beginning-of-text token never does.
public enum TrainOnWhat: String, Sendable, CaseIterable {
    /// The output of the final message, if the assistant wrote it.
    case lastAssistantMessage = "last_assistant_message"
    /// The outputs of the assistant messages after the last user message.
    case lastAssistantTurn = "last_assistant_turn"
    /// The outputs of all assistant messages.
    case allAssistantMessages = "all_assistant_messages"
    /// The outputs of all messages, without their headers.
    case allMessages = "all_messages"
    /// Everything.
    case allTokens = "all_tokens"
    /// The outputs of user and system messages.
    case allUserAndSystemMessages = "all_user_and_system_messages"
    /// The outputs of messages whose `trainable` is true; every message must say.
    case customized
}

/// Why a row of a known shape cannot be used.
public enum DropReason: Hashable, Sendable {
    /// The two transcripts have different numbers of turns.
    case turnCountsDiffer
    /// The two transcripts differ before the last turn.
    case promptsDiffer
    /// Turns of a transcript do not go back and forth between user and assistant, or do not end with the assistant.
    case notAlternating
    /// A text that is no transcript.
    case notATranscript
    /// The reply is empty.
    case emptyReply
    /// The assistant says nothing at all.
    case noReply
    /// There is nothing to reply to.
    case noPrompt
    /// A message has no text, for instance only an image or a tool call.
    case noText
    /// A message without a role.
    case noRole
    /// One reply is said to be better than its own copy.
    case sameReplies
    /// A label other than A, B or Tie.
    case unknownLabel(String)
    /// A tie, where one better reply is needed.
    case tie
    /// Not a comparison, where one is needed.
    case notAComparison
    /// The rows service cut long cells.
    case cutCells
}

extension DropReason: CustomStringConvertible {
    /// The reason in words.
    public var description: String {
        switch self {
        case .turnCountsDiffer: "the transcripts differ in their number of turns"
        case .promptsDiffer: "the transcripts differ before the last turn"
        case .notAlternating: "turns do not alternate and end with the assistant"
        case .notATranscript: "the text does not begin with a Human: turn"
        case .emptyReply: "the last reply is empty"
        case .noReply: "there is no assistant message"
        case .noPrompt: "there is no prompt"
        case .noText: "a message has no text"
        case .noRole: "a message has no role"
        case .sameReplies: "both replies are the same, yet one is labelled better"
        case .unknownLabel(let label): "the label is '\(label)', not A, B or Tie"
        case .tie: "a tie has no better reply"
        case .notAComparison: "the row is a conversation, not a comparison"
        case .cutCells: "the rows service cut long cells"
        }
    }
}

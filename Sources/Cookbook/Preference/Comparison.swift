/// Two replies to the same conversation.
public struct Comparison: Sendable, Equatable, Codable {
    /// What both reply to.
    public var promptConversation: [Message]
    /// The first reply.
    public var completionA: [Message]
    /// The second reply.
    public var completionB: [Message]

    /// A prompt and two replies of one or more messages each.
    public init(promptConversation: [Message], completionA: [Message], completionB: [Message]) {
        self.promptConversation = promptConversation
        self.completionA = completionA
        self.completionB = completionB
    }

    /// The same two replies in the other order.
    public var swapped: Comparison {
        Comparison(promptConversation: promptConversation, completionA: completionB, completionB: completionA)
    }

    private enum CodingKeys: String, CodingKey {
        case promptConversation = "prompt_conversation"
        case completionA = "completion_A"
        case completionB = "completion_B"
    }
}

/// Which of two replies is better.
public enum PreferenceLabel: String, Sendable, CaseIterable, Codable {
    case a = "A"
    case b = "B"
    case tie = "Tie"

    /// The label of the same replies in the other order.
    public var swapped: PreferenceLabel {
        switch self {
        case .a: .b
        case .b: .a
        case .tie: .tie
        }
    }
}

/// Two replies and somebody's judgement of them.
public struct LabeledComparison: Sendable, Equatable, Codable {
    /// The prompt and the two replies.
    public var comparison: Comparison
    /// Which of them is better.
    public var label: PreferenceLabel

    /// A comparison and its label.
    public init(comparison: Comparison, label: PreferenceLabel) {
        self.comparison = comparison
        self.label = label
    }

    /// The same judgement with the replies in the other order.
    public var swapped: LabeledComparison { LabeledComparison(comparison: comparison.swapped, label: label.swapped) }

    /// The better reply's messages; nil for a tie.
    public var chosen: [Message]? {
        switch label {
        case .a: comparison.completionA
        case .b: comparison.completionB
        case .tie: nil
        }
    }

    /// The worse reply's messages; nil for a tie.
    public var rejected: [Message]? {
        switch label {
        case .a: comparison.completionB
        case .b: comparison.completionA
        case .tie: nil
        }
    }
}

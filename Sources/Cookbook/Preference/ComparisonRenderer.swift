import Tensors
public import TrainingAPI

/// Writes a comparison for a model that judges which of two replies is better. The prompt is the conversation, both replies each
/// behind a system message that names it, a last system message, and the assistant's header; the label is one token.
public struct ComparisonRenderer: Sendable {
    /// What writes the messages.
    public let renderer: any Renderer
    /// The token that stands for each label. A tie has one unless it begins like another label.
    public let labelTokens: [PreferenceLabel: Int]

    /// A comparison renderer over a chat renderer. Throws `CookbookError.rendering` when `A` and `B` begin with the same token, as
    /// they do behind a thinking block: a judge trained on it would silently learn nothing.
    public init(_ renderer: any Renderer) throws {
        self.renderer = renderer
        labelTokens = try LabelTokens.find(renderer)
    }

    /// The comparison up to where the label stands.
    public func buildGenerationPrompt(_ comparison: Comparison) throws -> ModelInput {
        try renderer.buildGenerationPrompt(Self.messages(comparison))
    }

    /// The prompt and the label's token, the only one with weight.
    public func buildSupervisedExample(_ labeled: LabeledComparison) throws -> SupervisedExample {
        guard let label = labelTokens[labeled.label] else {
            throw CookbookError.rendering(
                "the label \(labeled.label.rawValue) begins with the same token as another", renderer: renderer.name,
                hint: "leave ties out, or use another renderer")
        }
        let prompt = try buildGenerationPrompt(labeled.comparison).tokens
        return SupervisedExample(
            tokens: prompt + [label], weights: Array(repeating: 0, count: prompt.count) + [1])
    }

    /// The cross-entropy datum of a labeled comparison, weight 1 on one target. Throws `CookbookError.data` for one longer than
    /// `maxLength` tokens: its label would be cut off.
    public func datum(_ labeled: LabeledComparison, maxLength: Int?) throws -> Datum {
        let example = try buildSupervisedExample(labeled)
        try checkLength(example.tokens.count, maxLength: maxLength, what: "a comparison")
        return try Cookbook.datum(from: example, maxLength: nil, reduction: .none)
    }

    /// The messages that a judge reads.
    static func messages(_ comparison: Comparison) -> [Message] {
        comparison.promptConversation
            + [.system("==== Completion A ====")] + comparison.completionA
            + [.system("==== Completion B ====")] + comparison.completionB
            + [.system(preferenceMarker)]
    }

    static let preferenceMarker = "==== Preference ===="
}

/// The tokens that a renderer writes for the labels at the beginning of an assistant's message.
enum LabelTokens {
    static func find(_ renderer: any Renderer) throws -> [PreferenceLabel: Int] {
        let question: [Message] = [.user("?"), .system(ComparisonRenderer.preferenceMarker)]
        let prompt = try renderer.buildGenerationPrompt(question).tokens
        var tokens: [PreferenceLabel: Int] = [:]
        for label in PreferenceLabel.allCases {
            let example = try renderer.buildSupervisedExample(
                question + [.assistant(label.rawValue)], trainOnWhat: .lastAssistantMessage
            ).tokens
            guard example.starts(with: prompt), example.count > prompt.count else {
                throw CookbookError.rendering(
                    "its generation prompt is not the beginning of its examples", renderer: renderer.name)
            }
            tokens[label] = example[prompt.count]
        }
        guard tokens[.a] != tokens[.b] else {
            throw CookbookError.rendering(
                "the labels A and B begin with the same token, so no judge can tell them apart",
                renderer: renderer.name,
                hint: "use a renderer without thinking, for instance \"chatml\" or \"role_colon\"")
        }
        if tokens[.tie] == tokens[.a] || tokens[.tie] == tokens[.b] { tokens[.tie] = nil }
        return tokens
    }
}

func checkLength(_ length: Int, maxLength: Int?, what: String) throws(CookbookError) {
    guard let maxLength, length > maxLength else { return }
    throw .data("\(what) has \(length) tokens, more than the \(maxLength) allowed", hint: "raise max_length")
}

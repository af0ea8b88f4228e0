import Tensors
public import TrainingAPI

/// Writes one conversation with a reply for a model that scores it on its own: the conversation, a system message
/// `==== Preference ====` and the assistant's header. The score is logprob(`A`) − logprob(`B`) of the next token. Two scores make a
/// Bradley–Terry model: the first reply wins with probability σ(s₁ − s₂) (Bradley and Terry, Biometrika 39, 1952).
public struct ReplyScoreRenderer: Sendable {
    /// What writes the messages.
    public let renderer: any Renderer
    /// The tokens of `A` and `B`: candidates to score with, in this order.
    public let candidates: [Int]

    /// A score renderer over a chat renderer. Throws `CookbookError.rendering` when `A` and `B` begin with the same token.
    public init(_ renderer: any Renderer) throws {
        self.renderer = renderer
        let tokens = try LabelTokens.find(renderer)
        candidates = [PreferenceLabel.a, .b].compactMap { tokens[$0] }
    }

    /// The prompt after which the candidates are scored. `conversation` ends with the reply.
    public func buildPrompt(_ conversation: [Message]) throws -> ModelInput {
        try renderer.buildGenerationPrompt(conversation + [.system(ComparisonRenderer.preferenceMarker)])
    }

    /// A datum for a custom loss, N tokens long: `target_tokens` and `weights` are `[N, 2]`, zero everywhere but in the last row,
    /// which holds the candidates with weight 1. For services that take several targets at one position.
    public func datum(_ conversation: [Message], maxLength: Int?) throws -> Datum {
        let prompt = try buildPrompt(conversation)
        try checkLength(prompt.length + 1, maxLength: maxLength, what: "a conversation to score")
        let rest = prompt.length - 1
        return Datum(
            modelInput: prompt,
            lossFnInputs: [
                "target_tokens": Tensor(Array(repeating: 0, count: 2 * rest) + candidates, shape: [prompt.length, 2]),
                "weights": Tensor(Array(repeating: Float(0), count: 2 * rest) + [1, 1], shape: [prompt.length, 2]),
            ])
    }

    /// The same as two datums, one for each candidate, with `[N]` targets: for services that take one target at a position.
    public func datumPair(_ conversation: [Message], maxLength: Int?) throws -> [Datum] {
        let prompt = try buildPrompt(conversation)
        try checkLength(prompt.length + 1, maxLength: maxLength, what: "a conversation to score")
        let rest = prompt.length - 1
        return candidates.map { candidate in
            Datum(
                modelInput: prompt,
                lossFnInputs: [
                    "target_tokens": Tensor(Array(prompt.tokens.dropFirst()) + [candidate]),
                    "weights": Tensor(Array(repeating: Float(0), count: rest) + [1]),
                ])
        }
    }

    /// The score from the logprobs of a datum's last row: of `A`, then of `B`.
    public static func score(a: Float, b: Float) -> Float { a - b }
}

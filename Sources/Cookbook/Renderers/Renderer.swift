public import Tokenizers
public import TrainingAPI

/// Writes conversations as token ids in one model family's format, and reads responses back.
///
/// Every generation prompt is a token prefix of the supervised example of the same conversation with a reply, so a model is
/// trained under exactly the context that it is sampled in.
public protocol Renderer: Sendable {
    /// The name under which `Renderers.named` finds this renderer.
    var name: String { get }
    var tokenizer: any Tokenizer { get }
    /// What ends a response.
    var stopCondition: StopCondition { get }

    /// The conversation up to where the assistant's reply begins, followed by `prefill`, the reply's first words. Throws
    /// `CookbookError.rendering`.
    func buildGenerationPrompt(_ messages: [Message], prefill: String?) throws -> ModelInput

    /// The conversation with a weight for each token. Throws `CookbookError.rendering`.
    func buildSupervisedExample(_ messages: [Message], trainOnWhat: TrainOnWhat) throws -> SupervisedExample

    /// The message in a sampled response, the stop included in `tokens` if there was one.
    func parseResponse(_ tokens: [Int]) -> ParsedResponse
}

extension Renderer {
    /// The conversation up to where the assistant's reply begins.
    public func buildGenerationPrompt(_ messages: [Message]) throws -> ModelInput {
        try buildGenerationPrompt(messages, prefill: nil)
    }
}

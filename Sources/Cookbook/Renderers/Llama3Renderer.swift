public import Tokenizers
public import TrainingAPI

/// Llama 3's format: a role between `<|start_header_id|>` and `<|end_header_id|>`, a blank line, content, `<|eot_id|>`. The
/// vendor template's block with today's date is left out on purpose: an example must not depend on the day.
public struct Llama3Renderer: FramedRenderer {
    /// `llama3`.
    public let name = "llama3"
    /// The tokenizer of the model.
    public let tokenizer: any Tokenizer
    /// `<|begin_of_text|>`.
    public let beginOfText: Int?
    private let headerStart: Int
    private let headerEnd: Int
    private let endOfTurn: Int

    /// A renderer for a tokenizer that has Llama 3's control tokens; throws `CookbookError.rendering` for one that has not.
    public init(tokenizer: any Tokenizer) throws(CookbookError) {
        self.tokenizer = tokenizer
        beginOfText = try tokenizer.controlToken("<|begin_of_text|>", renderer: "llama3")
        headerStart = try tokenizer.controlToken("<|start_header_id|>", renderer: "llama3")
        headerEnd = try tokenizer.controlToken("<|end_header_id|>", renderer: "llama3")
        endOfTurn = try tokenizer.controlToken("<|eot_id|>", renderer: "llama3")
    }

    /// `<|eot_id|>`.
    public var stopCondition: StopCondition { .tokens([endOfTurn]) }

    /// One message's pieces.
    public func frame(_ message: Message) -> MessageFrame {
        MessageFrame(header: header(message.role), output: tokenizer.encode(message.content) + [endOfTurn])
    }

    /// The assistant's header.
    public var generationHeader: [Int] { header("assistant") }

    /// The text before the stop.
    public func parseResponse(_ tokens: [Int]) -> ParsedResponse {
        let ends = Set([tokenizer.eosToken, tokenizer.specialTokens["<|end_of_text|>"]].compactMap { $0 })
        return parse(tokens, stop: endOfTurn, otherEnds: ends.subtracting([endOfTurn]))
    }

    private func header(_ role: String) -> [Int] {
        [headerStart] + tokenizer.encode(role) + [headerEnd] + tokenizer.encode("\n\n")
    }
}

public import Tokenizers
public import TrainingAPI

/// `<|im_start|>ROLE`, newline, content, `<|im_end|>`, newline. Content is plain text: a literal `<|im_end|>` in it never becomes
/// the control token, so nobody's words can forge a turn.
public struct ChatMLRenderer: FramedRenderer {
    /// How the format is written.
    public enum Style: Sendable, Equatable {
        /// No system prompt unless the conversation has one, and nothing after the last `<|im_end|>`.
        case plain
        /// As the chat template in SmolLM2's model file has it: a default system prompt, and a newline after every message.
        case smolLM2
    }

    /// What the SmolLM2 template says when the first message is not a system message: 21 tokens with their frame.
    public static let smolLM2SystemPrompt = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

    /// `chatml`, `smollm2` or `qwen3_instruct`.
    public let name: String
    /// The tokenizer of the model.
    public let tokenizer: any Tokenizer
    private let style: Style
    private let start: Int
    private let end: Int
    private let otherEnds: [Int]
    private let newline: [Int]

    /// A renderer for a tokenizer that has the two control tokens; throws `CookbookError.rendering` for one that has not.
    public init(name: String, tokenizer: any Tokenizer, style: Style) throws(CookbookError) {
        self.name = name
        self.tokenizer = tokenizer
        self.style = style
        start = try tokenizer.controlToken("<|im_start|>", renderer: name)
        end = try tokenizer.controlToken("<|im_end|>", renderer: name)
        // A base model's own end of text must stop a reply as well, or the reply runs on into noise.
        let ends = [tokenizer.eosToken, tokenizer.specialTokens["<|endoftext|>"]].compactMap { $0 }
        otherEnds = Set(ends).subtracting([end]).sorted()
        newline = tokenizer.encode("\n")
    }

    /// `<|im_end|>`, and the tokenizer's own ends of text.
    public var stopCondition: StopCondition { .tokens([end] + otherEnds) }

    /// The default system message in the SmolLM2 style.
    public func preamble(before messages: [Message]) -> [Int] {
        guard style == .smolLM2, let first = messages.first, first.role != "system" else { return [] }
        let frame = frame(.system(Self.smolLM2SystemPrompt))
        return frame.header + frame.output + frame.separator
    }

    /// One message's pieces.
    public func frame(_ message: Message) -> MessageFrame {
        var header = tokenizer.encode(message.role + "\n")
        var content = tokenizer.encode(message.content)
        if style == .smolLM2, message.role != "assistant" {
            // The template is encoded in one go, where white space at the beginning of the content joins the header's newline.
            // An assistant's message stays apart: its header ends the generation prompt.
            let joint = tokenizer.encode(message.role + "\n" + message.content)
            let shared = zip(joint, header).prefix { $0 == $1 }.count
            header = Array(joint[..<shared])
            content = Array(joint[shared...])
        }
        return MessageFrame(header: [start] + header, output: content + [end], separator: newline)
    }

    /// `<|im_start|>assistant` and a newline.
    public var generationHeader: [Int] { [start] + tokenizer.encode("assistant\n") }

    /// True in the SmolLM2 style.
    public var separatesLastMessage: Bool { style == .smolLM2 }

    /// The text before the stop.
    public func parseResponse(_ tokens: [Int]) -> ParsedResponse {
        parse(tokens, stop: end, otherEnds: Set(otherEnds))
    }
}

extension Tokenizer {
    /// The id of a control token that a format cannot do without.
    func controlToken(_ text: String, renderer: String) throws(CookbookError) -> Int {
        guard let id = specialTokens[text] else {
            throw .rendering(
                "the model's tokenizer has no \(text)", renderer: renderer,
                hint: "use renderer_name = \"role_colon\", which needs no control tokens")
        }
        return id
    }
}

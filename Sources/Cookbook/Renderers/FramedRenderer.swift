import Tokenizers
public import TrainingAPI

/// The token pieces of one message. Each piece is encoded on its own, so that no token reaches across a border between them: a
/// generation prompt would else not be a prefix of the example it belongs to.
public struct MessageFrame: Sendable, Equatable {
    /// What announces the role.
    public var header: [Int]
    /// The content and what ends it: the tokens that a model writes itself.
    public var output: [Int]
    /// What stands between this message and the next one.
    public var separator: [Int]

    /// A message's pieces.
    public init(header: [Int], output: [Int], separator: [Int] = []) {
        self.header = header
        self.output = output
        self.separator = separator
    }
}

/// A renderer that writes a conversation message by message, each framed in the same way wherever it stands. So the prompt of
/// every turn is a prefix of the prompt of the next one, and one example can train all turns of a conversation.
public protocol FramedRenderer: Renderer {
    /// The token that begins every text, if there is one. Never trained.
    var beginOfText: Int? { get }
    /// What the format writes before the first message on its own account. Part of the template, not of any message.
    func preamble(before messages: [Message]) -> [Int]
    /// One message's pieces.
    func frame(_ message: Message) -> MessageFrame
    /// What announces the assistant's reply.
    var generationHeader: [Int] { get }
    /// What follows a final assistant message because the renderer's stop reaches into the next turn. Trained like the message.
    var stopOverlap: [Int] { get }
    /// Whether the separator also follows the last message.
    var separatesLastMessage: Bool { get }
}

extension FramedRenderer {
    /// No token begins a text, unless the format says so.
    public var beginOfText: Int? { nil }
    /// Nothing, unless the format says so.
    public func preamble(before messages: [Message]) -> [Int] { [] }
    /// Nothing, unless the format says so.
    public var stopOverlap: [Int] { [] }
    /// False, unless the format says so.
    public var separatesLastMessage: Bool { false }

    /// The conversation up to where the assistant's reply begins, followed by `prefill`.
    public func buildGenerationPrompt(_ messages: [Message], prefill: String?) throws -> ModelInput {
        var tokens = (beginOfText.map { [$0] } ?? []) + preamble(before: messages)
        for message in messages {
            let frame = frame(message)
            tokens += frame.header + frame.output + frame.separator
        }
        tokens += generationHeader
        if let prefill { tokens += tokenizer.encode(prefill) }
        return ModelInput(tokens: tokens)
    }

    /// The conversation with a weight of 0 or 1 for each token.
    public func buildSupervisedExample(_ messages: [Message], trainOnWhat: TrainOnWhat) throws -> SupervisedExample {
        let trained = try trainedMessages(messages, trainOnWhat: trainOnWhat)
        let template: Float = trainOnWhat == .allTokens ? 1 : 0
        var example = SupervisedExample(tokens: [], weights: [])
        if let beginOfText { example.append([beginOfText], weight: 0) }
        example.append(preamble(before: messages), weight: template)
        for (index, message) in messages.enumerated() {
            let frame = frame(message)
            let weight: Float = trained[index] ? 1 : 0
            let isLast = index == messages.count - 1
            example.append(frame.header, weight: template)
            example.append(frame.output, weight: weight)
            if isLast, message.role == "assistant" { example.append(stopOverlap, weight: weight) }
            if !isLast || separatesLastMessage { example.append(frame.separator, weight: template) }
        }
        return example
    }

    /// For each message, whether its output is trained. Throws `CookbookError.rendering` when `trainable` and the mode do not
    /// fit, because a forgotten mark would change silently what a model learns.
    private func trainedMessages(_ messages: [Message], trainOnWhat: TrainOnWhat) throws(CookbookError) -> [Bool] {
        guard !messages.isEmpty else { throw .rendering("there are no messages to train on", renderer: name) }
        if trainOnWhat == .customized {
            if let index = messages.firstIndex(where: { $0.trainable == nil }) {
                throw .rendering(
                    "message \(index + 1) does not say whether it is trainable", renderer: name,
                    hint: "with train_on_what = \"customized\" every message needs trainable = true or false")
            }
        } else if let index = messages.firstIndex(where: { $0.trainable != nil }) {
            throw .rendering(
                "message \(index + 1) carries 'trainable', which \"\(trainOnWhat.rawValue)\" does not heed",
                renderer: name, hint: "use train_on_what = \"customized\", or leave the field out")
        }
        let lastUser = messages.lastIndex { $0.role == "user" } ?? -1
        return messages.enumerated().map { index, message in
            switch trainOnWhat {
            case .lastAssistantMessage: index == messages.count - 1 && message.role == "assistant"
            case .lastAssistantTurn: index > lastUser && message.role == "assistant"
            case .allAssistantMessages: message.role == "assistant"
            case .allMessages, .allTokens: true
            case .allUserAndSystemMessages: message.role == "user" || message.role == "system"
            case .customized: message.trainable == true
            }
        }
    }
}

extension FramedRenderer {
    /// Reads a response that one stop token ends. `otherEnds` are tokens that end a text but are not the stop. Whatever follows
    /// the first of them makes the response malformed, and is no part of the message.
    func parse(_ tokens: [Int], stop: Int, otherEnds: Set<Int>) -> ParsedResponse {
        let end = tokens.firstIndex { $0 == stop || otherEnds.contains($0) }
        let message = Message.assistant(tokenizer.decode(Array(tokens[..<(end ?? tokens.count)])))
        guard let end, end == tokens.count - 1 else { return ParsedResponse(message: message, termination: .malformed) }
        return ParsedResponse(message: message, termination: tokens[end] == stop ? .stopSequence : .eos)
    }
}

extension SupervisedExample {
    /// Adds tokens that all have one weight.
    mutating func append(_ more: [Int], weight: Float) {
        tokens += more
        weights += Array(repeating: weight, count: more.count)
    }
}

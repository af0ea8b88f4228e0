import Foundation
public import Tokenizers
public import TrainingAPI

/// `User: …`, blank line, `Assistant: …`: a format of plain words for base models, which know no control tokens.
public struct RoleColonRenderer: FramedRenderer {
    /// `role_colon`, unless it was registered under another name.
    public let name: String
    /// The tokenizer of the model.
    public let tokenizer: any Tokenizer
    private let stops: [String]

    /// A renderer for any tokenizer. `extraStops` end a response too: a base model may go on with `\n\nSystem:`.
    public init(name: String = "role_colon", tokenizer: any Tokenizer, extraStops: [String] = []) {
        self.name = name
        self.tokenizer = tokenizer
        stops = ["\n\nUser:"] + extraStops
    }

    /// The tokenizer's, if it asks for one.
    public var beginOfText: Int? { tokenizer.bosToken }

    /// The next user turn.
    public var stopCondition: StopCondition { .strings(stops) }

    /// One message's pieces.
    public func frame(_ message: Message) -> MessageFrame {
        MessageFrame(header: header(message.role), output: tokenizer.encode(" \(message.content)\n\n"))
    }

    /// `Assistant:`, without the space that begins the reply.
    public var generationHeader: [Int] { header("assistant") }

    /// `User:`, the part of the stop that the next turn begins with.
    public var stopOverlap: [Int] { header("user") }

    /// The text before the first stop. Exactly one stop or a final end-of-text token makes it well formed.
    public func parseResponse(_ tokens: [Int]) -> ParsedResponse {
        let endsText = tokens.last != nil && tokens.last == tokenizer.eosToken
        let text = tokenizer.decode(endsText ? tokens.dropLast() : tokens)
        let pieces = stops.reduce([text]) { pieces, stop in pieces.flatMap { $0.components(separatedBy: stop) } }
        var content = pieces[0]
        if content.hasPrefix(" ") { content.removeFirst() }
        if pieces.count == 1, content.hasSuffix("\n\n") { content.removeLast(2) }
        let termination: ParseTermination =
            switch (pieces.count, endsText) {
            case (1, true): .eos
            case (2, false): .stopSequence
            default: .malformed
            }
        return ParsedResponse(message: .assistant(content), termination: termination)
    }

    private func header(_ role: String) -> [Int] {
        tokenizer.encode(role.prefix(1).uppercased() + role.dropFirst().lowercased() + ":")
    }
}

public import LuaRuntime
import Tensors
public import Tokenizers
public import TrainingAPI

/// A value that can be shown as text coloured by what training makes of each token.
public protocol TokenDisplayable: LuaObject {
    /// The text and its weights; a terminal paints them, and `plainText` does without colours.
    var tokenRuns: TokenRuns { get }
}

/// Text in pieces with a weight each: above 0 it is learned, at 0 only read, below 0 unlearned.
public final class TokenRuns: TokenDisplayable {
    /// The name of this type in Lua.
    public static let luaType = "TokenRuns"
    /// A token's text and its weight or advantage. Where a character is made of several tokens, the last one has its text.
    public typealias Piece = (text: String, weight: Double)

    /// One line in front of the text.
    public let header: String
    /// The text.
    public let pieces: [Piece]

    /// Text in pieces under a header.
    public init(header: String, pieces: [Piece]) {
        self.header = header
        self.pieces = pieces
    }

    /// Tokens with a weight each; without a tokenizer the ids stand for the text.
    public convenience init(tokens: [Int], weights: [Double], tokenizer: (any Tokenizer)?) {
        var pieces: [Piece] = []
        if let tokenizer {
            var decoder = IncrementalDecoder(tokenizer)
            pieces = zip(tokens, weights).map { (decoder.append($0), $1) }
            let rest = decoder.finish()
            if !rest.isEmpty { pieces.append((rest, weights.last ?? 0)) }
        } else {
            pieces = zip(tokens, weights).map { ("\($0) ", $1) }
        }
        self.init(header: Self.header(weights), pieces: pieces)
    }

    /// A training example: the first input token, which nothing predicts, and then the targets with their weights or advantages.
    public convenience init(_ datum: Datum, tokenizer: (any Tokenizer)?) {
        let input = datum.modelInput.tokens
        let weights = (datum.lossFnInputs["advantages"] ?? datum.lossFnInputs["weights"])?.doubles ?? []
        guard let targets = datum.lossFnInputs["target_tokens"]?.ints, !input.isEmpty, targets.count >= input.count
        else {
            self.init(tokens: input, weights: input.map { _ in 0 }, tokenizer: tokenizer)
            return
        }
        // Of several targets at one position, [N, K], the one with the largest weight is shown.
        let width = targets.count / input.count
        let weight = { (index: Int) in index < weights.count ? weights[index] : 0 }
        let shown = input.indices.map { position in
            let columns = position * width..<(position + 1) * width
            return columns.max { abs(weight($0)) < abs(weight($1)) } ?? position * width
        }
        self.init(
            tokens: [input[0]] + shown.map { targets[$0] }, weights: [0] + shown.map(weight), tokenizer: tokenizer)
    }

    /// This very text.
    public var tokenRuns: TokenRuns { self }

    private static func header(_ weights: [Double]) -> String {
        let (learned, unlearned) = (weights.count { $0 > 0 }, weights.count { $0 < 0 })
        return counted(weights.count, "token") + ", \(learned) learned"
            + (unlearned > 0 ? ", \(unlearned) unlearned" : "")
    }

    /// The text with marks instead of colours: `[+learned+]`, `[-unlearned-]`.
    public var plainText: String {
        var text = header + "\n"
        var mark = ""
        for piece in pieces where !piece.text.isEmpty {
            let next = piece.weight > 0 ? "+" : piece.weight < 0 ? "-" : ""
            if next != mark {
                if !mark.isEmpty { text += mark + "]" }
                if !next.isEmpty { text += "[" + next }
                mark = next
            }
            text += piece.text.replacing("\n", with: "↵\n")
        }
        return text + (mark.isEmpty ? "" : mark + "]")
    }
}

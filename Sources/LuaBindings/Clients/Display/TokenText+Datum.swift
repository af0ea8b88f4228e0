public import Display
import Tensors
public import Tokenizers
public import TrainingAPI

extension TokenText {
    /// Tokens with a number each; without a tokenizer the ids stand for the text.
    public init(
        header: String? = nil, scale: Scale = .weight, tokens: [Int], values: [Double], tokenizer: (any Tokenizer)?
    ) {
        var pieces: [Piece] = []
        if let tokenizer {
            var decoder = IncrementalDecoder(tokenizer)
            pieces = zip(tokens, values).map { Piece(decoder.append($0), $1) }
            let rest = decoder.finish()
            if !rest.isEmpty { pieces.append(Piece(rest, values.last ?? 0)) }
        } else {
            pieces = zip(tokens, values).map { Piece("\($0) ", $1) }
        }
        self.init(header: header ?? Self.header(weights: values), scale: scale, pieces: pieces)
    }

    /// A training example: the first input token, which nothing predicts, and then the targets with their weights or advantages.
    public init(_ datum: Datum, tokenizer: (any Tokenizer)?) {
        let input = datum.modelInput.tokens
        let weights = (datum.lossFnInputs["advantages"] ?? datum.lossFnInputs["weights"])?.doubles ?? []
        guard let targets = datum.lossFnInputs["target_tokens"]?.ints, !input.isEmpty, targets.count >= input.count
        else {
            self.init(tokens: input, values: input.map { _ in 0 }, tokenizer: tokenizer)
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
            tokens: [input[0]] + shown.map { targets[$0] }, values: [0] + shown.map(weight), tokenizer: tokenizer)
    }

    private static func header(weights: [Double]) -> String {
        let (learned, unlearned) = (weights.count { $0 > 0 }, weights.count { $0 < 0 })
        return counted(weights.count, "token") + ", \(learned) learned"
            + (unlearned > 0 ? ", \(unlearned) unlearned" : "")
    }
}

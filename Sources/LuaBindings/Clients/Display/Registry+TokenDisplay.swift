import Display
import LuaRuntime
import Tensors
import Tokenizers

extension Registry {
    /// `rlhf.display.datum` and `rlhf.display.tokens`.
    mutating func addTokenDisplay(latestTokenizer: LatestTokenizer) {
        let tokenizerDoc = ParameterDoc(
            "tokenizer", "Tokenizer", default: "its own, or that of the client made last", "turns the tokens into text")
        let colours = "Green is learned, yellow is context, red is unlearned."
        add(
            FunctionBinding(
                "rlhf.display.datum", doc: "Shows a datum's text coloured by weight or advantage. \(colours)",
                parameters: [ParameterDoc("datum", "Datum", "what to show"), tokenizerDoc], returns: "TokenRuns",
                example: "rlhf.display.datum(datum)"
            ) { context in
                let object = try context.object(0, as: DatumObject.self)
                let tokenizer = try context.tokenizer(1) ?? object.tokenizer ?? latestTokenizer.tokenizer
                return .value(.object(TokenRuns(TokenText(object.datum, tokenizer: tokenizer))))
            },
            FunctionBinding(
                "rlhf.display.tokens", doc: "Shows tokens coloured by a number for each. \(colours)",
                parameters: [
                    ParameterDoc("tokens", "integer[]", "token ids, a tensor or a ModelInput"),
                    ParameterDoc("weights", "number[]", "a weight or advantage for each token"), tokenizerDoc,
                ], returns: "TokenRuns",
                example: "rlhf.display.tokens(sequence.tokens, rlhf.tensor(sequence.logprobs) + 1, tok)"
            ) { context in
                let tokens = try context.tokenIDs(0)
                let weights = try Tensor(context[1], what: "\(context.functionName): weights")
                guard weights.rank == 1, weights.count == tokens.count else {
                    throw LuaError.usage(
                        "\(context.functionName): weights of shape \(weights.shape) do not fit \(counted(tokens.count, "token"))"
                    )
                }
                let tokenizer = try context.tokenizer(2) ?? latestTokenizer.tokenizer
                return .value(.object(TokenRuns(TokenText(tokens: tokens, values: weights.doubles, tokenizer: tokenizer))))
            })
        addLogprobDisplay(latestTokenizer: latestTokenizer, tokenizerDoc)
        add(TokenRuns.binding)
    }
}

extension CallContext {
    func tokenizer(_ index: Int) throws(LuaError) -> (any Tokenizer)? {
        self[index].isNone ? nil : try object(index, as: TokenizerObject.self).tokenizer
    }
}

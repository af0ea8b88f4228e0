import Display
import LuaRuntime
import Tensors
import Tokenizers
import TrainingAPI

extension Registry {
    /// `rlhf.display.logprobs` and `.logprob_diff`.
    mutating func addLogprobDisplay(latestTokenizer: LatestTokenizer, _ tokenizerDoc: ParameterDoc) {
        let text = ParameterDoc("tokens", "integer[]", "the text: token ids, a tensor or a ModelInput")
        add(
            FunctionBinding(
                "rlhf.display.logprobs", doc: "Shows a text coloured by how improbable each token was.",
                parameters: [
                    text,
                    ParameterDoc("logprobs", "number[]", "a logprob for each token, nil where there is none; or a SamplingClient"),
                    tokenizerDoc,
                ], returns: "TokenRuns", example: "rlhf.display.logprobs(tok:encode(\"The sky is green\"), sampler)"
            ) { call in
                let tokens = try call.tokenIDs(0)
                let scored = try Scored(call, 1, tokens)
                let tokenizer = try call.tokenizer(2) ?? scored.tokenizer ?? latestTokenizer.tokenizer
                return .work {
                    let values = try await scored.logprobs(tokens)
                    let known = values.compactMap { $0 }
                    let mean = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
                    return [
                        .object(
                            TokenRuns(
                                TokenText(
                                    header: "\(counted(tokens.count, "token")), mean logprob \(mean.shortText)", scale: .logprob,
                                    tokens: tokens, values: values.map { $0 ?? 0 }, tokenizer: tokenizer)))
                    ]
                }
            },
            FunctionBinding(
                "rlhf.display.logprob_diff",
                doc: "Shows a text coloured by which of two models finds each token more probable: green the second, red the first.",
                parameters: [
                    text, ParameterDoc("first", "SamplingClient", "a model, for instance the one before training; or its logprobs"),
                    ParameterDoc("second", "SamplingClient", "the other model, or its logprobs"), tokenizerDoc,
                ], returns: "TokenRuns", example: "rlhf.display.logprob_diff(tok:encode(\"The sky is blue\"), sampler, sampler)"
            ) { call in
                let tokens = try call.tokenIDs(0)
                let scored = (first: try Scored(call, 1, tokens), second: try Scored(call, 2, tokens))
                let tokenizer =
                    try call.tokenizer(3) ?? scored.first.tokenizer ?? scored.second.tokenizer ?? latestTokenizer.tokenizer
                return .work {
                    async let first = scored.first.logprobs(tokens)
                    async let second = scored.second.logprobs(tokens)
                    let pairs = zip(try await first, try await second)
                    let differences = pairs.map { pair in
                        if let a = pair.0, let b = pair.1 { b - a } else { 0.0 }
                    }
                    let total = differences.reduce(0, +)
                    return [
                        .object(
                            TokenRuns(
                                TokenText(
                                    header: "\(counted(tokens.count, "token")), logprob changed by \(total.shortText) in all",
                                    scale: .difference, tokens: tokens, values: differences, tokenizer: tokenizer)))
                    ]
                }
            })
    }
}

/// What a text's tokens are worth to a model: asked of the model, or known already.
private enum Scored: Sendable {
    case client(any SamplingClient)
    case known([Double?])

    init(_ call: CallContext, _ index: Int, _ tokens: [Int]) throws(LuaError) {
        if let object = call[index].object as? SamplingClientObject {
            self = .client(object.client)
            return
        }
        let values: [Double?]
        if let table = call[index].table {
            values = table.array.map(\.number)
        } else if let tensor = (call[index].object as? TensorObject)?.tensor, tensor.rank == 1 {
            values = tensor.doubles
        } else {
            throw call.mismatch(index, expected: "SamplingClient or list of logprobs")
        }
        guard values.count == tokens.count else {
            throw .usage("\(call.functionName): \(counted(values.count, "logprob")) do not fit \(counted(tokens.count, "token"))")
        }
        self = .known(values)
    }

    var tokenizer: (any Tokenizer)? {
        if case .client(let client) = self, !(client.tokenizer is MissingTokenizer) { client.tokenizer } else { nil }
    }

    func logprobs(_ tokens: [Int]) async throws -> [Double?] {
        switch self {
        case .known(let values): values
        case .client(let client): try await client.computeLogprobs(ModelInput(tokens: tokens)).value.map { $0.map(Double.init) }
        }
    }
}

import Tensors
public import TrainingAPI

/// What is done to the weights of one example.
public enum Reduction: String, Sendable, CaseIterable {
    /// Divided by their sum, so that every example counts the same.
    case mean
    /// Left as they are, so that every token counts the same.
    case none
}

/// The cross-entropy datum of a rendered conversation: inputs are all tokens but the last, targets all but the first (N each).
/// `maxLength` cuts tokens off the right. Throws `CookbookError.data` when fewer than two tokens are left, or when none of the
/// targets left carries weight: such an example would train nothing.
public func datum(from example: SupervisedExample, maxLength: Int?, reduction: Reduction) throws -> Datum {
    let length = min(example.tokens.count, maxLength ?? Int.max)
    guard length >= 2 else {
        throw CookbookError.data("an example needs at least 2 tokens, this one has \(max(0, length))")
    }
    var weights = Array(example.weights[1..<length])
    let sum = weights.reduce(0, +)
    guard weights.contains(where: { $0 != 0 }) else {
        throw length < example.tokens.count
            ? CookbookError.data(
                "none of the first \(length) tokens is trained: the example has \(example.tokens.count)",
                hint: "raise max_length, or leave out long rows")
            : CookbookError.data(
                "no token of the example is trained", hint: "choose another train_on_what, or rows with a reply")
    }
    if reduction == .mean, sum != 0 { weights = weights.map { $0 / sum } }
    return Datum(
        modelInput: ModelInput(tokens: Array(example.tokens[..<(length - 1)])),
        lossFnInputs: ["target_tokens": Tensor(Array(example.tokens[1..<length])), "weights": Tensor(weights)])
}

/// The cross-entropy datum of a conversation. Throws `CookbookError.rendering` or `.data`.
public func datum(
    fromConversation messages: [Message], renderer: any Renderer, maxLength: Int?,
    trainOnWhat: TrainOnWhat = .allAssistantMessages, reduction: Reduction = .mean
) throws -> Datum {
    let example = try renderer.buildSupervisedExample(messages, trainOnWhat: trainOnWhat)
    return try datum(from: example, maxLength: maxLength, reduction: reduction)
}

/// What a model reads: a sequence of token ids.
public struct ModelInput: Sendable, Equatable {
    /// The token ids, in order.
    public var tokens: [Int]

    /// An input of these token ids.
    public init(tokens: [Int]) { self.tokens = tokens }

    /// An input of these token ids (the Tinker API's name).
    public static func fromInts(_ tokens: [Int]) -> ModelInput { ModelInput(tokens: tokens) }

    /// The number of tokens.
    public var length: Int { tokens.count }

    /// This input followed by more tokens.
    public func appending(_ more: [Int]) -> ModelInput { ModelInput(tokens: tokens + more) }
}

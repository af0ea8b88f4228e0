/// A rendered conversation with one weight for each token, not yet shifted.
public struct SupervisedExample: Sendable, Equatable {
    /// The token ids of the whole conversation.
    public var tokens: [Int]
    /// For each token, how much its prediction counts in the loss.
    public var weights: [Float]

    /// Tokens and as many weights.
    public init(tokens: [Int], weights: [Float]) {
        precondition(tokens.count == weights.count, "\(tokens.count) tokens but \(weights.count) weights")
        self.tokens = tokens
        self.weights = weights
    }
}

public import Tensors

/// One training example: an input of N tokens and the loss function's inputs, tensors of N positions each.
public struct Datum: Sendable {
    /// The N tokens that the model reads.
    public var modelInput: ModelInput
    /// By name, what the loss function needs at each position: `target_tokens` (int64, `[N]`, or `[N, K]` for K targets at each
    /// position) and, shaped alike, `weights`, `logprobs` or `advantages` (float32).
    public var lossFnInputs: [String: Tensor]

    /// An example of an input and the loss function's inputs.
    public init(modelInput: ModelInput, lossFnInputs: [String: Tensor]) {
        self.modelInput = modelInput
        self.lossFnInputs = lossFnInputs
    }
}

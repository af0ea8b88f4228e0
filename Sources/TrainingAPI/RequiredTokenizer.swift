public import Tokenizers

extension TrainingClient {
    /// The tokenizer, for those who cannot do without it. Throws `usage` if a remote model's could not be found.
    public func requiredTokenizer() throws(TrainingError) -> any Tokenizer { try required(tokenizer) }
}

extension SamplingClient {
    /// The tokenizer, for those who cannot do without it. Throws `usage` if a remote model's could not be found.
    public func requiredTokenizer() throws(TrainingError) -> any Tokenizer { try required(tokenizer) }
}

private func required(_ tokenizer: any Tokenizer) throws(TrainingError) -> any Tokenizer {
    guard let missing = tokenizer as? MissingTokenizer else { return tokenizer }
    throw .usage(
        missing.problem,
        hint:
            "give a tokenizer.json, the folder with it, or a GGUF file of the same vocabulary: --tokenizer PATH, or tokenizer = PATH in "
            + "ServiceClient")
}

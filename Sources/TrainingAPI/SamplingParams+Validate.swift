extension SamplingParams {
    /// Checks that a request for samples makes sense and fits the context, where its length is known.
    public func validate(numSamples: Int, promptLength: Int, contextLength: Int?) throws(TrainingError) {
        guard numSamples >= 1 else { throw .usage("num_samples is \(numSamples), expected at least 1") }
        guard temperature >= 0, temperature.isFinite else {
            throw .usage("temperature is \(temperature), expected 0 or more")
        }
        guard topP > 0, topP <= 1 else { throw .usage("top_p is \(topP), expected more than 0 and at most 1") }
        guard topK == -1 || topK >= 1 else {
            throw .usage("top_k is \(topK), expected at least 1, or -1 for all tokens")
        }
        if let maxTokens, maxTokens < 1 { throw .usage("max_tokens is \(maxTokens), expected at least 1") }
        let wanted = promptLength + (maxTokens ?? 1)
        if let contextLength, wanted > contextLength { throw .contextExceeded(length: wanted, limit: contextLength) }
    }
}

extension AdamParams {
    /// Throws `usage` for settings that would make the weights NaN.
    public func validate() throws(TrainingError) {
        let ranges: [(name: String, value: Double, isValid: Bool, expected: String)] = [
            ("learning_rate", learningRate, learningRate.isFinite, "a finite number"),
            ("beta1", beta1, (0..<1).contains(beta1), "0 or more and below 1"),
            ("beta2", beta2, (0..<1).contains(beta2), "0 or more and below 1"),
            // As float32, in which steps are computed: a gradient of 0 is divided by it.
            ("eps", eps, Float(eps) > 0 && Float(eps).isFinite, "more than 0 in float32"),
            ("weight_decay", weightDecay, weightDecay.isFinite, "a finite number"),
            ("grad_clip_norm", gradClipNorm, gradClipNorm >= 0, "0 or more"),
        ]
        for range in ranges where !range.isValid {
            throw .usage("\(range.name) is \(range.value), expected \(range.expected)")
        }
    }
}

extension LoraConfig {
    /// Throws `usage` for an adapter that could not be trained.
    public func validate() throws(TrainingError) {
        guard rank >= 1 else { throw .usage("rank is \(rank), expected at least 1") }
        guard trainMlp || trainAttn || trainUnembed else {
            throw .usage("an adapter needs one of train_mlp, train_attn and train_unembed")
        }
    }
}

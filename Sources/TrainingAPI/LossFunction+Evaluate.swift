import Glibc

/// What a loss is worth on one datum.
public struct LossEvaluation: Sendable {
    /// The sum over the datum's targets.
    public var loss: Double
    /// dLoss/dLogprob for each target, in the order of `target_tokens`.
    public var gradient: [Float]
    /// What the datum adds to the call's metrics.
    public var metrics: LossMetrics
}

extension LossFunction {
    /// Which targets can contribute, in the order of `target_tokens`: those with a weight, or with an advantage or a sampled
    /// logprob. The others (prompts, masked tokens) have loss and gradient 0 whatever their logprob is, so it need not be
    /// computed. The datum must have passed `validate`.
    public func contributingTargets(of datum: Datum) -> [Bool] {
        let terms = terms(of: datum)
        return (0..<terms.count).map { terms.contributes($0) }
    }

    /// The loss of a datum and its derivatives by the targets' logprobs, in the order of `target_tokens`. Formulas: with p the
    /// logprob, q the sampled logprob, A the advantage and r = e^(p - q), each target adds
    ///
    ///     cross_entropy        -w·p
    ///     importance_sampling  -r·A
    ///     ppo                  -min(r·A, clip(r, low, high)·A)
    ///     cispo                -clip(r, low, high)·A·p, without a derivative through r
    ///     dro                  -(A·p - β/2·(p - q)²)
    ///
    /// Sources: Schulman et al., "Proximal policy optimization algorithms", 2017; MiniMax, "MiniMax-M1", 2025 (CISPO);
    /// Richemond et al., "Offline regularised reinforcement learning for large language models alignment", 2024 (DRO).
    /// The datum must have passed `validate`, and there must be one logprob for each target.
    public func evaluate(_ datum: Datum, logprobs: [Float]) -> LossEvaluation {
        let terms = terms(of: datum)
        precondition(logprobs.count == terms.count, "\(logprobs.count) logprobs for \(terms.count) targets")
        var evaluation = LossEvaluation(
            loss: 0, gradient: [Float](repeating: 0, count: logprobs.count), metrics: LossMetrics())
        for (target, logprob) in logprobs.enumerated() where terms.contributes(target) {
            let term = terms.term(target, logprob: logprob)
            evaluation.loss += term.loss
            evaluation.gradient[target] = Float(term.derivative)
            if name != .crossEntropy { evaluation.metrics.add(term) }
        }
        evaluation.metrics.loss = evaluation.loss
        return evaluation
    }

    /// The loss of a datum, target by target. The datum must have passed `validate`.
    public func terms(of datum: Datum) -> LossTerms { LossTerms(self, datum) }

    /// One target of a policy-gradient loss: what it adds, and its derivative by the logprob.
    func policyTerm(logprob: Double, sampled: Double, advantage: Double) -> LossTerm {
        let ratio = exp(logprob - sampled)
        var term = LossTerm(ratio: ratio, logRatio: logprob - sampled)
        if name == .dro {
            let beta = config["beta"] ?? 0
            term.loss = -(advantage * logprob - 0.5 * beta * term.logRatio * term.logRatio)
            term.derivative = -(advantage - beta * term.logRatio)
            return term
        }
        let clipped = max(config["clip_low_threshold"] ?? 0, min(ratio, config["clip_high_threshold"] ?? .infinity))
        switch name {
        case .ppo: term.isClipped = clipped * advantage < ratio * advantage
        case .cispo: term.isClipped = clipped != ratio
        case .crossEntropy, .importanceSampling, .dro: term.isClipped = nil
        }
        // Not only quicker: with a ratio that overflows, the product with an advantage of 0 would be NaN.
        guard advantage != 0 else { return term }
        switch name {
        case .ppo where term.isClipped == true:
            term.loss = -clipped * advantage
        case .cispo:
            term.loss = -clipped * advantage * logprob
            term.derivative = -clipped * advantage
        case .importanceSampling, .ppo, .crossEntropy, .dro:
            term.loss = -ratio * advantage
            term.derivative = -ratio * advantage
        }
        return term
    }
}

/// What one target adds to a loss.
struct LossTerm {
    var loss = 0.0
    var derivative = 0.0
    /// Probability now by probability when sampled.
    let ratio: Double
    let logRatio: Double
    /// Whether the clip takes effect; nil for a loss without one.
    var isClipped: Bool?

    init(ratio: Double, logRatio: Double) {
        self.ratio = ratio
        self.logRatio = logRatio
    }
}

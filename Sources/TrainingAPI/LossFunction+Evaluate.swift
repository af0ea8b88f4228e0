import Glibc
import Tensors

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
        let inputs = Inputs(of: datum, loss: name)
        switch name {
        case .crossEntropy: return inputs.weights.map { $0 != 0 }
        case .importanceSampling, .ppo, .cispo, .dro:
            return zip(inputs.advantages, inputs.sampled).map { $0 != 0 || $1 != 0 }
        }
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
        let inputs = Inputs(of: datum, loss: name)
        precondition(logprobs.count == inputs.count, "\(logprobs.count) logprobs for \(inputs.count) targets")
        var loss = 0.0
        var gradient = [Float](repeating: 0, count: logprobs.count)
        var metrics = LossMetrics()
        if name == .crossEntropy {
            for (index, weight) in inputs.weights.enumerated() where weight != 0 {
                loss -= Double(weight) * Double(logprobs[index])
                gradient[index] = -weight
            }
        } else {
            for (index, counts) in contributingTargets(of: datum).enumerated() where counts {
                let term = policyTerm(
                    logprob: Double(logprobs[index]), sampled: Double(inputs.sampled[index]),
                    advantage: Double(inputs.advantages[index]))
                loss += term.loss
                gradient[index] = Float(term.derivative)
                metrics.add(term)
            }
        }
        metrics.loss = loss
        return LossEvaluation(loss: loss, gradient: gradient, metrics: metrics)
    }

    /// One target of a policy-gradient loss: what it adds, and its derivative by the logprob.
    func policyTerm(logprob: Double, sampled: Double, advantage: Double) -> PolicyTerm {
        let ratio = exp(logprob - sampled)
        var term = PolicyTerm(ratio: ratio, logRatio: logprob - sampled)
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

    /// A validated datum's inputs as numbers; those that the loss does not have are empty.
    private struct Inputs {
        let count: Int
        let weights: [Float]
        let sampled: [Float]
        let advantages: [Float]

        init(of datum: Datum, loss: Name) {
            func input(_ key: String) -> [Float] { datum.lossFnInputs[key]?.floats ?? [] }
            count = datum.lossFnInputs["target_tokens"]?.count ?? 0
            (weights, sampled, advantages) = (input("weights"), input("logprobs"), input("advantages"))
            for (key, values) in [("weights", weights), ("logprobs", sampled), ("advantages", advantages)]
            where loss.requiredInputs.contains(key) {
                precondition(values.count == count, "\(values.count) \(key) for \(count) targets")
            }
        }
    }
}

/// One target of a policy-gradient loss.
struct PolicyTerm {
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

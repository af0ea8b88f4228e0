import Tensors

/// A loss on one datum, target by target: what a logprob adds depends on no other, so a service can go backward from a part of
/// the targets while the others are still to be computed.
public struct LossTerms: Sendable {
    /// The number of targets, in the order of `target_tokens`.
    public let count: Int
    private let loss: LossFunction
    /// Those that the loss does not have are empty.
    private let weights, sampled, advantages: [Float]

    init(_ loss: LossFunction, _ datum: Datum) {
        func input(_ key: String) -> [Float] { datum.lossFnInputs[key]?.floats ?? [] }
        self.loss = loss
        count = datum.lossFnInputs["target_tokens"]?.count ?? 0
        (weights, sampled, advantages) = (input("weights"), input("logprobs"), input("advantages"))
        for (key, values) in [("weights", weights), ("logprobs", sampled), ("advantages", advantages)]
        where loss.name.requiredInputs.contains(key) {
            precondition(values.count == count, "\(values.count) \(key) for \(count) targets")
        }
    }

    /// Whether a target's logprob matters; see `LossFunction.contributingTargets`.
    public func contributes(_ target: Int) -> Bool {
        loss.name == .crossEntropy ? weights[target] != 0 : advantages[target] != 0 || sampled[target] != 0
    }

    /// dLoss/dLogprob of a target that contributes.
    public func derivative(_ target: Int, logprob: Float) -> Float { Float(term(target, logprob: logprob).derivative) }

    func term(_ target: Int, logprob: Float) -> LossTerm {
        if loss.name == .crossEntropy {
            var term = LossTerm(ratio: 1, logRatio: 0)
            term.loss = -Double(weights[target]) * Double(logprob)
            term.derivative = -Double(weights[target])
            return term
        }
        return loss.policyTerm(
            logprob: Double(logprob), sampled: Double(sampled[target]), advantage: Double(advantages[target]))
    }
}

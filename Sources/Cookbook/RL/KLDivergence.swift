/// How far two policies are apart, from logprobs of tokens that one of them drew.
public enum KLDivergence {
    /// Over all drawn tokens: v1, the mean of logq − logp; v2, half the mean of its square (Schulman, "Approximating
    /// KL divergence", 2020); and the entropy estimate, the mean of −logq.
    public static func estimates(
        sampled: [[Float]], other: [[Float]], masks: [[Float]]
    ) -> (v1: Double, v2: Double, entropy: Double) {
        var (count, difference, square, entropy) = (0.0, 0.0, 0.0, 0.0)
        for (sampled, (other, mask)) in zip(sampled, zip(other, masks)) {
            for (logq, (logp, flag)) in zip(sampled, zip(other, mask)) where flag > 0 {
                let d = Double(logq) - Double(logp)
                count += 1
                difference += d
                square += d * d
                entropy -= Double(logq)
            }
        }
        guard count > 0 else { return (0, 0, 0) }
        return (difference / count, square / count / 2, entropy / count)
    }

    /// What the penalty adds to each advantage, coef·(d̄ − d) at drawn tokens, where d = logq − logp_ref and d̄ is its
    /// mean over the batch; with a discount γ each token also bears Σ γᵏ of the later ones. Never anything at tokens
    /// that were not drawn (section 4.8).
    public static func penalty(
        sampled: [[Float]], reference: [[Float]], masks: [[Float]], coefficient: Double, discount: Double
    ) -> (mean: Double, advantages: [[Double]]) {
        let mean = estimates(sampled: sampled, other: reference, masks: masks).v1
        let advantages = zip(sampled, zip(reference, masks)).map { sampled, rest in
            let (reference, mask) = rest
            var terms = zip(sampled, zip(reference, mask)).map { logq, rest in
                rest.1 > 0 ? coefficient * (mean - (Double(logq) - Double(rest.0))) : 0
            }
            if discount > 0 {
                var later = 0.0
                for index in terms.indices.reversed() {
                    later = terms[index] + discount * later
                    terms[index] = mask[index] > 0 ? later : 0
                }
            }
            return terms
        }
        return (mean, advantages)
    }
}

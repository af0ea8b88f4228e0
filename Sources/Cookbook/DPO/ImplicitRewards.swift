public import TrainingAPI

/// The rewards that a policy implies for replies, β(s − ref), in pairs: those of the chosen replies and of the rejected ones
/// (Rafailov et al., 2023, section 5). With the reference's own weights all are exactly 0.
public struct ImplicitRewards: Sendable, Equatable {
    /// The rewards of the chosen replies.
    public let chosen: [Double]
    /// The rewards of the rejected replies.
    public let rejected: [Double]

    /// The rewards of pairs of datums, the chosen reply's first, from the logprobs of their targets; `reference` holds a whole
    /// reply's logprob for each datum. Throws `usage` when there are no pairs, or the counts differ.
    public init(data: [Datum], logprobs: [[Float]], reference: [Double], beta: Double) throws(CookbookError) {
        guard !data.isEmpty, data.count.isMultiple(of: 2), reference.count == data.count, logprobs.count == data.count else {
            throw .usage(
                "\(data.count) datums, \(logprobs.count) lists of logprobs and \(reference.count) numbers of the reference "
                    + "do not make pairs")
        }
        var rewards = (chosen: [Double](), rejected: [Double]())
        for (index, datum) in data.enumerated() {
            let reward = beta * (datum.weightedSum(of: logprobs[index]) - reference[index])
            if index.isMultiple(of: 2) { rewards.chosen.append(reward) } else { rewards.rejected.append(reward) }
        }
        (chosen, rejected) = rewards
    }

    /// For each pair by how much the chosen reply is ahead.
    public var margins: [Double] { zip(chosen, rejected).map { $0 - $1 } }

    /// The mean of −log σ(margin).
    public var loss: Double { Self.mean(margins.map { BradleyTerryLoss.loss(margin: $0).value }) }

    /// The means over the pairs by the Python cookbook's names; a margin of 0 is no hit.
    public var metrics: [String: Double] {
        [
            "dpo_loss": loss, "accuracy": Self.mean(margins.map { $0 > 0 ? 1 : 0 }), "margin": Self.mean(margins),
            "chosen_reward": Self.mean(chosen), "rejected_reward": Self.mean(rejected),
        ]
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}

import Tensors
public import TrainingAPI

/// The DPO loss over pairs of replies: the mean of −log σ(Δ), where Δ = β[(s_c − ref_c) − (s_r − ref_r)] and s and ref are the
/// logprobs of a whole reply under the policy and under the reference (Rafailov et al., "Direct preference optimization", 2023,
/// equation 7).
public enum DPOLoss {
    /// The custom loss of pairs of datums, the chosen reply's first. `reference` holds a reply's logprob for each datum.
    public static func customLoss(beta: Double, reference: [Double]) -> CustomLoss {
        { data, logprobs in
            let rewards = try ImplicitRewards(data: data, logprobs: logprobs.map(\.floats), reference: reference, beta: beta)
            let derivatives = rewards.margins.map { BradleyTerryLoss.loss(margin: $0).derivative }
            let gradients = zip(data, logprobs).enumerated().map { index, element -> Tensor in
                let (datum, logprobs) = element
                let sign: Double = index.isMultiple(of: 2) ? 1 : -1
                let scale = Float(sign * beta * derivatives[index / 2] / Double(derivatives.count))
                return Tensor(datum.lossWeights.map { scale * $0 }, shape: logprobs.shape)
            }
            return CustomLossResult(loss: rewards.loss, gradients: gradients, metrics: rewards.metrics)
        }
    }
}

extension Datum {
    /// `weights`, one for each target.
    fileprivate var lossWeights: [Float] { lossFnInputs["weights"]?.floats ?? [] }

    /// Σ w·log p over the targets: the logprob of a whole reply when its tokens have weight 1.
    func weightedSum(of logprobs: [Float]) -> Double {
        zip(lossWeights, logprobs).reduce(0) { sum, term in
            term.0 == 0 ? sum : sum + Double(term.0) * Double(term.1)
        }
    }
}

import Tensors
import TrainingAPI

/// Losses on SkyRL's JAX server, which divides each sequence's loss by the sum of its weights and averages over all sequences since
/// the last step. Without weights it divides by the number of tokens, so advantages times that number and the number of sequences
/// (`SkyRLGradients`) give sums again.
enum SkyRLLoss {
    /// A loss whose derivative by each logprob is minus the advantage: CISPO with the ratio clipped to 1 whatever it is.
    static func linear() throws(TrainingError) -> LossFunction {
        try LossFunction(named: "cispo", config: ["clip_low_threshold": 1, "clip_high_threshold": 1])
    }

    /// The data and the loss that make SkyRL compute this loss's gradient; nil if it needs the logprobs first, because the server
    /// does not know the loss.
    static func equivalent(
        _ data: [Datum], _ loss: LossFunction, scale: Int
    ) throws(TrainingError) -> (data: [Datum], loss: LossFunction)? {
        switch loss.name {
        case .crossEntropy:
            (
                self.data(data, gradients: data.map { ($0.lossFnInputs["weights"]?.floats ?? []).map { -$0 } }, scale: scale),
                try linear()
            )
        case .importanceSampling, .ppo, .cispo:
            // All three are linear in positive factors of the advantage.
            (
                data.map { datum in
                    var datum = datum
                    if let advantages = datum.lossFnInputs["advantages"] {
                        datum.lossFnInputs["advantages"] = scaled(advantages.floats, of: datum, scale)
                    }
                    return datum
                }, loss
            )
        case .dro: nil
        }
    }

    /// Data for `linear` with these derivatives of the loss by each logprob.
    static func data(_ data: [Datum], gradients: [[Float]], scale: Int) -> [Datum] {
        zip(data, gradients).map { datum, gradient in
            Datum(
                modelInput: datum.modelInput,
                lossFnInputs: [
                    "target_tokens": datum.lossFnInputs["target_tokens"] ?? Tensor([Int]()),
                    "logprobs": Tensor([Float](repeating: 0, count: gradient.count)),
                    "advantages": scaled(gradient.map { -$0 }, of: datum, scale),
                ])
        }
    }

    private static func scaled(_ values: [Float], of datum: Datum, _ scale: Int) -> Tensor {
        let count = Float(datum.modelInput.length * scale)
        return Tensor(values.map { $0 * count })
    }

    /// A step's metrics by the names of the embedded engine, the norm times a factor.
    static func stepMetrics(_ metrics: [String: Double], normFactor: Double) -> [String: Double] {
        var renamed: [String: Double] = [:]
        for (name, value) in metrics {
            switch name {
            case "skyrl.ai/grad_norm": renamed["grad_norm"] = value * normFactor
            case "skyrl.ai/learning_rate": renamed["learning_rate"] = value
            default: renamed[name] = value
            }
        }
        return renamed
    }
}

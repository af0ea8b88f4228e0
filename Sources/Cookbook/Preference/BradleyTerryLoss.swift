import Foundation
import Tensors
public import TrainingAPI

/// The Bradley–Terry loss over scores of single replies: the mean of −log σ(s_chosen − s_rejected), where a score is
/// logprob(`A`) − logprob(`B`) at the end of a conversation (Bradley and Terry, Biometrika 39, 1952).
public enum BradleyTerryLoss {
    /// Loss and derivative by the margin s_chosen − s_rejected.
    public static func loss(margin: Double) -> (value: Double, derivative: Double) {
        // log(1 + e^-m) without overflow on either side.
        let value = max(0, -margin) + log1p(exp(-abs(margin)))
        return (value, -1 / (1 + exp(margin)))
    }

    /// The custom loss of pairs of scored conversations, the chosen one first. A conversation is one datum whose last
    /// row holds both candidates (`[N, 2]`), or two datums (`[N]`), one for each candidate.
    public static func customLoss(multipleTargets: Bool) -> CustomLoss {
        { data, logprobs in
            let perPair = multipleTargets ? 2 : 4
            guard !data.isEmpty, data.count.isMultiple(of: perPair) else {
                throw CookbookError.usage("\(data.count) datums do not make pairs of \(perPair)")
            }
            let pairs = data.count / perPair
            // The places of A chosen, B chosen, A rejected, B rejected, with the sign of each in the margin.
            let signs: [Double] = [1, -1, -1, 1]
            var gradients = logprobs.map { Array(repeating: Float(0), count: $0.count) }
            var (sum, margins, hits) = (0.0, 0.0, 0.0)
            for pair in 0..<pairs {
                let places = (0..<4).map { term -> (datum: Int, index: Int) in
                    let datum = pair * perPair + (multipleTargets ? term / 2 : term)
                    let count = logprobs[datum].count
                    return (datum, multipleTargets ? count - 2 + term % 2 : count - 1)
                }
                let margin = zip(signs, places).reduce(0.0) { sum, term in
                    sum + term.0 * Double(logprobs[term.1.datum].floats[term.1.index])
                }
                let (value, derivative) = loss(margin: margin)
                sum += value
                margins += margin
                hits += margin > 0 ? 1 : margin == 0 ? 0.5 : 0
                for (sign, place) in zip(signs, places) {
                    gradients[place.datum][place.index] = Float(sign * derivative / Double(pairs))
                }
            }
            let count = Double(pairs)
            return CustomLossResult(
                loss: sum / count,
                gradients: zip(gradients, logprobs).map { Tensor($0, shape: $1.shape) },
                metrics: ["loss": sum / count, "pair_accuracy": hits / count, "margin": margins / count])
        }
    }
}

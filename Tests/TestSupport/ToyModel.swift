import Foundation
import Tensors

/// A language model small enough for arithmetic: the logits of the next token are a row for the last token plus the
/// mean of a row for each token so far. Deterministic, differentiable by hand, and able to learn what the tests ask of
/// it.
struct ToyModel: Sendable {
    static let size = 259
    /// Rows by last token, then rows by token in the context; `2 · 259 · 259` numbers.
    var weights = [Double](repeating: 0, count: 2 * size * size)
    var gradient = [Double](repeating: 0, count: 2 * size * size)
    var firstMoment = [Double](repeating: 0, count: 2 * size * size)
    var secondMoment = [Double](repeating: 0, count: 2 * size * size)
    var steps = 0

    /// The logprobs of all next tokens, one position after the other.
    struct Reader {
        var model: ToyModel
        var sums = [Double](repeating: 0, count: size)
        var count = 0.0

        /// `[259]` logprobs of what follows the tokens read so far and this one.
        mutating func read(_ token: Int) -> [Double] {
            count += 1
            let (last, bag) = (token * size, (size + token) * size)
            var logits = [Double](repeating: 0, count: size)
            for index in 0..<size {
                sums[index] += model.weights[bag + index]
                logits[index] = model.weights[last + index] + sums[index] / count
            }
            let top = logits.max() ?? 0
            let norm = top + log(logits.reduce(0) { $0 + exp($1 - top) })
            return logits.map { $0 - norm }
        }
    }

    /// `[N][259]` logprobs.
    func logprobs(_ tokens: [Int]) -> [[Double]] {
        var reader = Reader(model: self)
        return tokens.map { reader.read($0) }
    }

    /// Adds the gradient of a loss to what has accumulated, from its derivatives by logprobs: at each position,
    /// (target, derivative).
    mutating func accumulate(_ tokens: [Int], logprobs: [[Double]], derivatives: [[(target: Int, value: Double)]]) {
        var later = [Double](repeating: 0, count: Self.size)
        for position in tokens.indices.reversed() {
            let total = derivatives[position].reduce(0) { $0 + $1.value }
            if derivatives[position].contains(where: { $0.value != 0 }) {
                var byLogit = logprobs[position].map { -total * exp($0) }
                for (target, value) in derivatives[position] { byLogit[target] += value }
                for index in 0..<Self.size {
                    gradient[tokens[position] * Self.size + index] += byLogit[index]
                    later[index] += byLogit[index] / Double(position + 1)
                }
            }
            for index in 0..<Self.size { gradient[(Self.size + tokens[position]) * Self.size + index] += later[index] }
        }
    }

    /// One step of Adam; returns the gradient's norm.
    mutating func step(learningRate: Double, beta1: Double, beta2: Double, eps: Double) -> Double {
        steps += 1
        let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let (bias1, bias2) = (1 - pow(beta1, Double(steps)), 1 - pow(beta2, Double(steps)))
        for index in weights.indices {
            let g = gradient[index]
            firstMoment[index] = beta1 * firstMoment[index] + (1 - beta1) * g
            secondMoment[index] = beta2 * secondMoment[index] + (1 - beta2) * g * g
            weights[index] -=
                learningRate * (firstMoment[index] / bias1) / ((secondMoment[index] / bias2).squareRoot() + eps)
            gradient[index] = 0
        }
        return norm
    }
}

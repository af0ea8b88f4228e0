import Foundation
import Tensors

/// Lengths as they occur in instruction data: lognormal, with a few sequences many times as long as the median.
package enum LengthMix {
    /// The lengths at the middles of `count` equal shares of a lognormal distribution (median 145, sigma 0.8, clipped to 16 to 1024),
    /// in an order that depends on the seed. Sixteen of them have mean 194 and maximum 644.
    package static func lengths(count: Int, seed: Int) -> [Int] {
        var random = SeededRandom(seed)
        return (0..<count).map { index in
            let share = (Double(index) + 0.5) / Double(count)
            return min(1024, max(16, Int(exp(4.978 + 0.8 * normalQuantile(share)).rounded())))
        }.shuffled(using: &random)
    }

    /// The standard normal distribution's quantile, by bisection of its error function: 1e-12 is more than lengths need.
    private static func normalQuantile(_ share: Double) -> Double {
        var (low, high) = (-9.0, 9.0)
        while high - low > 1e-12 {
            let middle = (low + high) / 2
            if erfc(-middle / 2.0.squareRoot()) / 2 < share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// Sequences packed one after another into batches of at most `budget` tokens, in their order.
    package static func packed(_ lengths: [Int], budget: Int) -> [[Int]] {
        lengths.reduce(into: []) { batches, length in
            if let last = batches.last, last.reduce(length, +) <= budget {
                batches[batches.count - 1].append(length)
            } else {
                batches.append([length])
            }
        }
    }
}

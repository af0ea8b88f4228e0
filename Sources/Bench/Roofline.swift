import Foundation
package import ModelFiles

/// The operations and bytes that a model's shape demands (Williams, Waterman and Patterson, "Roofline", 2009). Weights count as
/// bf16, and only what no engine can avoid counts: no padding, no logits that nobody reads, a shared prefix once.
package struct Roofline: Sendable {
    private let config: ModelConfig
    /// The rank of the adapter on all linear layers; 0 without one.
    package let rank: Int

    /// The demands of a model with an adapter of this rank.
    package init(_ config: ModelConfig, rank: Int) {
        self.config = config
        self.rank = rank
    }

    private var queryWidth: Double { Double(config.heads * config.headDimension) }
    private var keyValueWidth: Double { Double(config.kvHeads * config.headDimension) }
    private var width: Double { Double(config.width) }
    private var feedForward: Double { Double(config.feedForward) }
    private var layers: Double { Double(config.layers) }

    /// Weights in the layers' matrices.
    package var layerWeights: Double {
        layers * (2 * width * queryWidth + 2 * width * keyValueWidth + 3 * width * feedForward)
    }

    /// Weights of the adapter: for each matrix its rank times inputs plus outputs.
    package var adapterWeights: Double {
        let sides = 2 * (width + queryWidth) + 2 * (width + keyValueWidth) + 3 * (width + feedForward)
        return layers * Double(rank) * sides
    }

    /// Weights of the output projection.
    package var headWeights: Double { width * Double(config.vocabularySize) }

    /// Bytes that a token takes in the cache of keys and values, in bf16.
    package var cacheBytesPerToken: Double { layers * 2 * keyValueWidth * 2 }

    /// Operations of attention: scores and weighted values of each token with `context` keys on average.
    private func attention(_ tokens: Double, _ context: Double) -> Double { layers * 4 * queryWidth * tokens * context }

    /// One forward pass over tokens that see `context` keys on average, with logits at some positions, reading `cached` tokens of
    /// the cache.
    package func forward(tokens: Int, context: Double, logits: Int, cached: Int = 0) -> Work {
        let (tokens, logits) = (Double(tokens), Double(logits))
        return Work(
            operations: 2 * (layerWeights + adapterWeights) * tokens + attention(tokens, context) + 2 * headWeights * logits,
            bytes: 2 * (layerWeights + adapterWeights + headWeights) + cacheBytesPerToken * Double(cached))
    }

    /// Forward and backward pass and a step of the optimizer. Frozen weights get no gradient, so their backward pass costs as much
    /// as the forward one; the adapter's weights do; attention's backward pass computes its scores again.
    package func training(tokens: Int, context: Double, logits: Int) -> Work {
        let (tokens, logits) = (Double(tokens), Double(logits))
        return Work(
            operations: (4 * layerWeights + 6 * adapterWeights) * tokens + 3.5 * attention(tokens, context)
                + 4 * headWeights * logits,
            bytes: 4 * (layerWeights + headWeights) + Self.optimizerBytes * adapterWeights)
    }

    /// Weight, gradient and two moments in fp32, each read and written.
    private static let optimizerBytes: Double = 32

    /// The average number of keys that a token of these sequences sees.
    package static func meanContext(_ lengths: [Int]) -> Double {
        let squares = lengths.reduce(0) { $0 + Double($1 * $1) }
        return squares / 2 / Double(max(1, lengths.reduce(0, +)))
    }

    /// The formulas with this model's numbers, for people.
    package var explanation: String {
        func mega(_ value: Double) -> String { String(format: "%.1f M", value / 1e6) }
        let training = training(tokens: 1, context: 100, logits: 1).operations
        return """
            Least time of a pass = max(operations / peak of bf16 multiply-adds, bytes / read bandwidth); share = least time / time.
            Operations, with T tokens that see C keys on average and logits at H positions:
              forward   2 (W + A) T + 4 L Q T C + 2 V H
              training  (4 W + 6 A) T + 3.5 · 4 L Q T C + 4 V H    (frozen weights have no gradient; attention computes its scores twice)
            Bytes: forward 2 (W + A + V) + the cache that is read; training 4 (W + V) + 32 A (optimizer, fp32).
            \(config.name): L \(config.layers) layers, Q \(Int(queryWidth)) query columns, weights in layers W \(mega(layerWeights)), \
            adapter of rank \(rank) A \(mega(adapterWeights)), head V \(mega(headWeights)), cache \(Int(cacheBytesPerToken)) B/token.
            Forward: \(mega(2 * layerWeights)) operations a token in the layers, \(mega(2 * adapterWeights)) in the adapter, \
            \(mega(2 * headWeights)) for logits. Training: \(mega(training)) a token at 100 keys.
            Counted once: a prompt that a group shares, a prefix that comparisons share. Not counted: padding, sampling itself, norms.
            """
    }
}

import ModelFiles

extension TransformerShape {
    /// The sizes that a model's file states.
    init(_ config: ModelConfig) {
        self.init(
            layers: config.layers, width: config.width, heads: config.heads, kvHeads: config.kvHeads,
            headSize: config.headDimension, feedForward: config.feedForward, vocabulary: config.vocabularySize,
            contextLength: config.contextLength, ropeBase: config.ropeBase, rmsEpsilon: Float(config.rmsEpsilon))
    }
}

extension GGUFFile {
    /// A tensor's elements, dequantised.
    func floats(_ name: String) throws -> [Float] {
        try dequantize(tensor(name))
    }
}

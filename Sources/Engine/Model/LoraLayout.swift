import ModelFiles
import TrainingAPI

/// A linear layer of the transformer that an adapter may extend. Projections that read the same input form one group: they share
/// one matrix product for x A, and their B matrices stand side by side.
struct LoraGroup: Sendable, Equatable {
    struct Projection: Sendable, Equatable {
        let module: PEFTAdapter.Module
        /// The columns of the group's output that it writes.
        let columns: Range<Int>
        /// Rotary heads in these columns; 0 where the layout of the outputs is the same in all file formats.
        let rotaryHeads: Int
    }

    let inputWidth: Int
    let outputWidth: Int
    let projections: [Projection]
    /// Where A `[inputWidth, projections * paddedRank]` begins among the adapter's parameters.
    let a: Int
    /// Where B `[paddedRank, outputWidth]` begins.
    let b: Int
    let paddedRank: Int

    /// Columns of x A.
    var hiddenWidth: Int { projections.count * paddedRank }
    var aCount: Int { inputWidth * hiddenWidth }
    var bCount: Int { paddedRank * outputWidth }
}

/// Where everything of an adapter stands in one flat array of parameters. Ranks are padded to whole panels with zeros, which stay
/// zero: their gradients are products with zeros.
struct LoraLayout: Sendable, Equatable {
    struct Layer: Sendable, Equatable {
        let qkv: LoraGroup?
        let attentionOutput: LoraGroup?
        let gateUp: LoraGroup?
        let down: LoraGroup?
    }

    let rank: Int
    let paddedRank: Int
    let layers: [Layer]
    let head: LoraGroup?
    let parameterCount: Int
    /// `alpha / rank`
    let scale: Float

    init(shape: TransformerShape, config: LoraConfig) {
        let padded = (config.rank + 15) / 16 * 16
        var next = 0
        func group(_ input: Int, _ modules: [(PEFTAdapter.Module, width: Int, heads: Int)], if wanted: Bool)
            -> LoraGroup?
        {
            guard wanted else { return nil }
            var column = 0
            let projections = modules.map { module in
                defer { column += module.width }
                return LoraGroup.Projection(
                    module: module.0, columns: column..<column + module.width, rotaryHeads: module.heads)
            }
            let group = LoraGroup(
                inputWidth: input, outputWidth: column, projections: projections, a: next,
                b: next + input * padded * projections.count, paddedRank: padded)
            next = group.b + group.bCount
            return group
        }
        layers = (0..<shape.layers).map { _ in
            Layer(
                qkv: group(
                    shape.width,
                    [
                        (.query, shape.queryWidth, shape.heads),
                        (.key, shape.kvWidth, shape.kvHeads), (.value, shape.kvWidth, 0),
                    ], if: config.trainAttn),
                attentionOutput: group(shape.queryWidth, [(.output, shape.width, 0)], if: config.trainAttn),
                gateUp: group(
                    shape.width, [(.gate, shape.feedForward, 0), (.up, shape.feedForward, 0)],
                    if: config.trainMlp),
                down: group(shape.feedForward, [(.down, shape.width, 0)], if: config.trainMlp))
        }
        head = group(shape.width, [(.unembedding, shape.vocabulary, 0)], if: config.trainUnembed)
        rank = config.rank
        paddedRank = padded
        parameterCount = next
        scale = Float(LoraConfig.alpha / Double(config.rank))
    }

    /// Every group with its layer; the unembedding counts as layer 0.
    var groups: [(layer: Int, group: LoraGroup)] {
        let inLayers = layers.enumerated().flatMap { index, layer in
            [layer.qkv, layer.attentionOutput, layer.gateUp, layer.down].compactMap { group in group.map { (index, $0) }
            }
        }
        return inLayers + (head.map { [(0, $0)] } ?? [])
    }
}

/// What a forward pass leaves for the backward pass, or, with one layer's worth of memory, the scratch space of a pass that keeps
/// nothing. All arrays have one row for each token.
final class Activations {
    /// The arrays of one layer.
    struct Layer {
        let x, n1, rms1, qkv, attended, lse, middle, n2, rms2, gateUp, h: UnsafeMutablePointer<Float>
        /// x A of each adapter group.
        let hiddenQKV, hiddenOutput, hiddenGateUp, hiddenDown: UnsafeMutablePointer<Float>
    }

    let capacity: Int
    private let memory: FloatBuffer
    private let keptLayers: Int
    private let keepsAll: Bool
    private let paddedRank: Int
    private let layerWidths: [Int]
    private let layerSize: Int
    /// The last layer's output and its norm: `[rows, width]`, `[rows, width]`, `[rows]`.
    let final, normed, finalRms: UnsafeMutablePointer<Float>

    init(shape: TransformerShape, capacity: Int, paddedRank: Int, keepAll: Bool) {
        self.capacity = capacity
        self.paddedRank = paddedRank
        keepsAll = keepAll
        keptLayers = keepAll ? shape.layers : 1
        layerWidths = [
            shape.width, shape.width, 1, shape.qkvWidth, shape.queryWidth, shape.heads, shape.width, shape.width, 1,
            2 * shape.feedForward, shape.feedForward, 3 * paddedRank, paddedRank, 2 * paddedRank, paddedRank,
        ]
        layerSize = layerWidths.reduce(0, +) * capacity
        memory = FloatBuffer(count: layerSize * keptLayers + (2 * shape.width + 1) * capacity)
        final = memory.base + layerSize * keptLayers
        normed = final + shape.width * capacity
        finalRms = normed + shape.width * capacity
    }

    /// Whether a pass of so many rows and such an adapter can use this memory.
    func fits(rows: Int, paddedRank: Int, keepAll: Bool) -> Bool {
        rows <= capacity && paddedRank <= self.paddedRank && keepAll == keepsAll
    }

    /// Floats from an array of one layer to the same array of the next.
    var layerStride: Int { keptLayers == 1 ? 0 : layerSize }

    func layer(_ index: Int) -> Layer {
        var next = memory.base + layerSize * (index % keptLayers)
        let parts = layerWidths.map { width in
            defer { next += width * capacity }
            return next
        }
        return Layer(
            x: parts[0], n1: parts[1], rms1: parts[2], qkv: parts[3], attended: parts[4], lse: parts[5],
            middle: parts[6],
            n2: parts[7], rms2: parts[8], gateUp: parts[9], h: parts[10], hiddenQKV: parts[11], hiddenOutput: parts[12],
            hiddenGateUp: parts[13], hiddenDown: parts[14])
    }

    /// Where a layer's output goes: the next layer's input.
    func output(of index: Int, layers: Int) -> UnsafeMutablePointer<Float> {
        index + 1 == layers ? final : layer(index + 1).x
    }
}

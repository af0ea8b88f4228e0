/// What a forward pass leaves for the backward pass, or, with one layer's worth of memory, the scratch space of a pass that keeps
/// nothing. All arrays have one row for each token.
final class Activations {
    /// The arrays of one layer.
    struct Layer {
        let x, rms1, qkv, attended, lse, middle, rms2, gateUp: UnsafeMutablePointer<Float>
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
    /// Scratch space: a norm `[rows, width]` and the gated product `[rows, feedForward]` of the layer at hand. They are cheap to
    /// compute again, so no layer keeps them.
    let norm, gated: UnsafeMutablePointer<Float>

    init(shape: TransformerShape, capacity: Int, paddedRank: Int, keepAll: Bool) {
        self.capacity = capacity
        self.paddedRank = paddedRank
        keepsAll = keepAll
        keptLayers = keepAll ? shape.layers : 1
        layerWidths = Self.layerWidths(shape, paddedRank: paddedRank)
        layerSize = layerWidths.reduce(0, +) * capacity
        let shared = Self.sharedWidths(shape)
        memory = FloatBuffer(count: layerSize * keptLayers + shared.reduce(0, +) * capacity)
        var next = memory.base + layerSize * keptLayers
        let parts = shared.map { width in
            defer { next += width * capacity }
            return next
        }
        (final, normed, finalRms, norm, gated) = (parts[0], parts[1], parts[2], parts[3], parts[4])
    }

    private static func layerWidths(_ shape: TransformerShape, paddedRank: Int) -> [Int] {
        [
            shape.width, 1, shape.qkvWidth, shape.queryWidth, shape.heads, shape.width, 1, 2 * shape.feedForward,
            3 * paddedRank, paddedRank, 2 * paddedRank, paddedRank,
        ]
    }

    private static func sharedWidths(_ shape: TransformerShape) -> [Int] {
        [shape.width, shape.width, 1, shape.width, shape.feedForward]
    }

    static func bytesPerRow(_ shape: TransformerShape, paddedRank: Int, keepAll: Bool) -> Int {
        let layer = layerWidths(shape, paddedRank: paddedRank).reduce(0, +)
        return (layer * (keepAll ? shape.layers : 1) + sharedWidths(shape).reduce(0, +)) * MemoryLayout<Float>.size
    }

    var bytes: Int { memory.count * MemoryLayout<Float>.size }

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
            x: parts[0], rms1: parts[1], qkv: parts[2], attended: parts[3], lse: parts[4], middle: parts[5],
            rms2: parts[6], gateUp: parts[7], hiddenQKV: parts[8], hiddenOutput: parts[9], hiddenGateUp: parts[10],
            hiddenDown: parts[11])
    }

    /// Where a layer's output goes: the next layer's input.
    func output(of index: Int, layers: Int) -> UnsafeMutablePointer<Float> {
        index + 1 == layers ? final : layer(index + 1).x
    }
}

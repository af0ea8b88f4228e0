/// What a forward pass leaves for the backward pass, and its scratch space. All arrays have one row for each token.
final class Activations {
    /// The arrays of one layer.
    struct Layer {
        let x, rms1, qkv, attended, lse, middle, rms2, gateUp: UnsafeMutablePointer<Float>
        /// x A of each adapter group.
        let hiddenQKV, hiddenOutput, hiddenGateUp, hiddenDown: UnsafeMutablePointer<Float>
    }

    /// What a pass keeps of its layers.
    enum Kept: Sendable {
        /// Nothing goes backward from this pass.
        case nothing
        /// Each layer's input; the backward pass computes the rest of a layer again (Chen et al., "Training deep nets with sublinear
        /// memory cost", 2016). A tenth of the memory, for a third more work.
        case inputs
        case everything
    }

    let capacity: Int
    let kept: Kept
    private let memory: FloatBuffer
    private let paddedRank: Int
    private let width: Int
    private let layerWidths: [Int]
    /// Where the arrays of the layers begin, but for their inputs, and how many floats those of one take.
    private let layers: UnsafeMutablePointer<Float>
    private let layerSize: Int
    /// The last layer's output and its norm: `[rows, width]`, `[rows, width]`, `[rows]`.
    let final, normed, finalRms: UnsafeMutablePointer<Float>
    /// Scratch space: a norm `[rows, width]` and the gated product `[rows, feedForward]` of the layer at hand. They are cheap to
    /// compute again, so no layer keeps them.
    let norm, gated: UnsafeMutablePointer<Float>

    init(shape: TransformerShape, capacity: Int, paddedRank: Int, kept: Kept) {
        self.capacity = capacity
        self.paddedRank = paddedRank
        self.kept = kept
        width = shape.width
        layerWidths = Self.layerWidths(shape, paddedRank: paddedRank)
        layerSize = layerWidths.reduce(0, +) * capacity
        memory = FloatBuffer(count: Self.floatsPerRow(shape, paddedRank: paddedRank, kept: kept) * capacity)
        layers = memory.base + Self.inputsKept(shape, kept) * shape.width * capacity
        var next = layers + Self.layersKept(shape, kept) * layerSize
        let parts = Self.sharedWidths(shape).map { width in
            defer { next += width * capacity }
            return next
        }
        (final, normed, finalRms, norm, gated) = (parts[0], parts[1], parts[2], parts[3], parts[4])
    }

    private static func inputsKept(_ shape: TransformerShape, _ kept: Kept) -> Int { kept == .nothing ? 1 : shape.layers }
    private static func layersKept(_ shape: TransformerShape, _ kept: Kept) -> Int { kept == .everything ? shape.layers : 1 }

    private static func layerWidths(_ shape: TransformerShape, paddedRank: Int) -> [Int] {
        [
            1, shape.qkvWidth, shape.queryWidth, shape.heads, shape.width, 1, 2 * shape.feedForward,
            3 * paddedRank, paddedRank, 2 * paddedRank, paddedRank,
        ]
    }

    private static func sharedWidths(_ shape: TransformerShape) -> [Int] {
        [shape.width, shape.width, 1, shape.width, shape.feedForward]
    }

    private static func floatsPerRow(_ shape: TransformerShape, paddedRank: Int, kept: Kept) -> Int {
        inputsKept(shape, kept) * shape.width
            + layersKept(shape, kept) * layerWidths(shape, paddedRank: paddedRank).reduce(0, +)
            + sharedWidths(shape).reduce(0, +)
    }

    static func bytesPerRow(_ shape: TransformerShape, paddedRank: Int, kept: Kept) -> Int {
        floatsPerRow(shape, paddedRank: paddedRank, kept: kept) * MemoryLayout<Float>.size
    }

    var bytes: Int { memory.count * MemoryLayout<Float>.size }

    /// Whether a pass of so many rows and such an adapter can use this memory.
    func fits(rows: Int, paddedRank: Int, kept: Kept) -> Bool {
        rows <= capacity && paddedRank <= self.paddedRank && kept == self.kept
    }

    /// Floats from an array of one layer to the same array of the next, inputs left aside.
    var layerStride: Int { kept == .everything ? layerSize : 0 }

    func layer(_ index: Int) -> Layer {
        var next = layers + layerStride * index
        let parts = layerWidths.map { width in
            defer { next += width * capacity }
            return next
        }
        return Layer(
            x: memory.base + (kept == .nothing ? 0 : index * width * capacity), rms1: parts[0], qkv: parts[1],
            attended: parts[2], lse: parts[3], middle: parts[4], rms2: parts[5], gateUp: parts[6], hiddenQKV: parts[7],
            hiddenOutput: parts[8], hiddenGateUp: parts[9], hiddenDown: parts[10])
    }

    /// Where a layer's output goes: the next layer's input.
    func output(of index: Int, layers: Int) -> UnsafeMutablePointer<Float> {
        index + 1 == layers ? final : layer(index + 1).x
    }
}

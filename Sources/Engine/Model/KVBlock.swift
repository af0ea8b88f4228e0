import CKernels

/// Keys and values of a run of positions of one sequence, for all layers. Positions that have been written are never written again
/// while anybody uses the block, so sequences that begin alike can share it.
final class KVBlock: @unchecked Sendable {
    /// `[layers, capacity, k | v]`; what stands beyond `count` is undefined.
    private let memory: UnsafeMutablePointer<Float>
    let capacity: Int
    private let layers: Int
    private let rowWidth: Int
    private(set) var count = 0

    init(shape: TransformerShape, capacity: Int) {
        self.capacity = capacity
        layers = shape.layers
        rowWidth = 2 * shape.kvWidth
        memory = .allocate(capacity: max(layers * capacity * rowWidth, 1))
    }

    deinit { memory.deallocate() }

    /// The memory that a block takes.
    static func bytes(shape: TransformerShape, capacity: Int) -> Int {
        shape.layers * capacity * 2 * shape.kvWidth * MemoryLayout<Float>.stride
    }

    /// Makes room for more positions and returns the index of the first.
    func grow(by rows: Int) -> Int {
        precondition(count + rows <= capacity)
        defer { count += rows }
        return count
    }

    func row(_ index: Int, layer: Int) -> UnsafeMutablePointer<Float> {
        memory + (layer * capacity + index) * rowWidth
    }

    /// Forgets all positions.
    func clear() { count = 0 }

    /// Takes the first positions of another block in place of its own.
    func copy(_ positions: Int, from other: KVBlock) {
        precondition(positions <= other.count && positions <= capacity)
        for layer in 0..<layers {
            row(0, layer: layer).update(from: other.row(0, layer: layer), count: positions * rowWidth)
        }
        count = positions
    }

    var segment: ck_kv_segment {
        ck_kv_segment(
            base: UnsafePointer(memory), layer_stride: capacity * rowWidth, stride: rowWidth, v_offset: rowWidth / 2,
            count: Int32(count))
    }
}

import CKernels

/// Keys and values of a run of positions of one sequence, for all layers. Positions that have been written are never written again
/// while anybody uses the block, so sequences that begin alike can share it.
final class KVBlock: @unchecked Sendable {
    /// `[layers, heads, keys | values]`: keys in panels of 16 positions, `[head, 16]` each, as attention multiplies them; values
    /// `[positions, head]`. What stands beyond `count` is undefined.
    private let memory: FloatBuffer
    let capacity: Int
    private let layers: Int
    private let heads: Int
    private let head: Int
    private(set) var count = 0

    init(shape: TransformerShape, capacity: Int) {
        self.capacity = capacity
        (layers, heads, head) = (shape.layers, shape.kvHeads, shape.headSize)
        memory = FloatBuffer(count: Self.bytes(shape: shape, capacity: capacity) / MemoryLayout<Float>.stride)
    }

    /// The memory that a block takes.
    static func bytes(shape: TransformerShape, capacity: Int) -> Int {
        shape.layers * 2 * shape.kvWidth * padded(capacity) * MemoryLayout<Float>.stride
    }

    private static func padded(_ positions: Int) -> Int { (positions + 15) / 16 * 16 }

    private var keyFloats: Int { Self.padded(capacity) * head }
    private var headStride: Int { 2 * keyFloats }

    /// Makes room for more positions and returns the index of the first.
    func grow(by rows: Int) -> Int {
        precondition(count + rows <= capacity)
        defer { count += rows }
        return count
    }

    /// Where a position's key and value go; the block must outlive it.
    func place(_ position: Int) -> ck_kv_place {
        ck_kv_place(
            base: memory.base, layer_stride: heads * headStride, head_stride: headStride, v_offset: keyFloats,
            position: position)
    }

    /// Forgets all positions.
    func clear() { count = 0 }

    /// Takes the first positions of another block of the same capacity in place of its own.
    func copy(_ positions: Int, from other: KVBlock) {
        precondition(positions <= other.count && capacity == other.capacity)
        for part in stride(from: 0, to: layers * heads * headStride, by: headStride) {
            (memory.base + part).update(from: other.memory.base + part, count: Self.padded(positions) * head)
            let values = part + keyFloats
            (memory.base + values).update(from: other.memory.base + values, count: positions * head)
        }
        count = positions
    }

    var segment: ck_kv_segment {
        ck_kv_segment(
            base: UnsafePointer(memory.base), layer_stride: heads * headStride, head_stride: headStride, stride: head,
            v_offset: keyFloats, count: Int32(count), in_panels: true)
    }
}

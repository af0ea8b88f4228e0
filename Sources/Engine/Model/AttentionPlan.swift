import CKernels

/// Which rows of a batch see which keys, cut into blocks for the kernels: the same for all layers. The heaviest blocks come
/// first, so that threads finish together whatever the lengths.
final class AttentionPlan {
    /// The rows by blocks, each with the segments of keys of its sequence.
    let blocks: [ck_attention_block]
    /// For the backward pass: the keys by blocks, each with the rows that see it.
    let keyBlocks: [ck_key_block]
    private let segments: UnsafeMutableBufferPointer<ck_kv_segment>

    /// The plan of a batch whose keys and values stand in `activations`, unless its sequences have blocks of their own.
    init(_ batch: RowBatch, _ activations: Activations, shape: TransformerShape) {
        let qkv = activations.layer(0).qkv
        var all: [ck_kv_segment] = []
        var ranges: [Range<Int>] = []
        for sequence in batch.sequences {
            let first = all.count
            if sequence.blocks.isEmpty {
                if let parent = sequence.parent { all += all[ranges[parent]] }
                all.append(
                    ck_kv_segment(
                        base: qkv + sequence.rows.lowerBound * shape.qkvWidth + shape.queryWidth,
                        layer_stride: activations.layerStride, head_stride: shape.headSize, stride: shape.qkvWidth,
                        v_offset: shape.kvWidth, count: Int32(sequence.rows.count), in_panels: false))
            } else {
                all += sequence.blocks.map(\.segment)
            }
            ranges.append(first..<all.count)
        }
        segments = .allocate(capacity: all.count)
        _ = segments.initialize(from: all)

        let rowsAtOnce = ck_query_block(shape.heads, shape.kvHeads)
        var blocks: [ck_attention_block] = []
        var keyBlocks: [ck_key_block] = []
        for (sequence, range) in zip(batch.sequences, ranges) {
            for first in stride(from: sequence.rows.lowerBound, to: sequence.rows.upperBound, by: rowsAtOnce) {
                blocks.append(
                    ck_attention_block(
                        segments: UnsafePointer(segments.baseAddress.map { $0 + range.lowerBound }),
                        first_row: Int32(first), rows: Int32(min(rowsAtOnce, sequence.rows.upperBound - first)),
                        length: batch.positions[first] + 1))
            }
            let keysAtOnce = Int(ck_key_block_rows)
            for first in stride(from: sequence.rows.lowerBound, to: sequence.rows.upperBound, by: keysAtOnce) {
                keyBlocks.append(
                    ck_key_block(
                        first_row: Int32(first), count: Int32(min(keysAtOnce, sequence.rows.upperBound - first)),
                        end_row: Int32(sequence.subtreeEnd)))
            }
        }
        self.blocks = blocks.sorted { $0.rows * $0.length > $1.rows * $1.length }
        self.keyBlocks = keyBlocks.sorted {
            $0.count * ($0.end_row - $0.first_row) > $1.count * ($1.end_row - $1.first_row)
        }
    }

    deinit { segments.deallocate() }
}

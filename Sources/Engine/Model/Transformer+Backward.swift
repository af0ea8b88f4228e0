import CKernels

/// Gradients on their way back through the layers: one row for each token.
final class BackwardScratch {
    let dx, dNorm, dAttended, dqkv, dh, dHidden: UnsafeMutablePointer<Float>
    private let memory: FloatBuffer
    private let capacity, paddedRank: Int

    init(shape: TransformerShape, capacity: Int, paddedRank: Int) {
        (self.capacity, self.paddedRank) = (capacity, paddedRank)
        let widths = [
            shape.width, max(shape.width, shape.queryWidth), shape.queryWidth, shape.qkvWidth, shape.feedForward,
            3 * paddedRank,
        ]
        memory = FloatBuffer(count: widths.reduce(0, +) * capacity)
        var next = memory.base
        let parts = widths.map { width in
            defer { next += width * capacity }
            return next
        }
        (dx, dNorm, dAttended, dqkv, dh, dHidden) = (parts[0], parts[1], parts[2], parts[3], parts[4], parts[5])
    }

    func fits(rows: Int, paddedRank: Int) -> Bool {
        rows <= capacity && paddedRank <= self.paddedRank
    }
}

extension Transformer {
    /// The backward pass of `forward` for whole sequences of one adapter: given the gradient of the normed output in
    /// `scratch.dNorm` `[rows, width]`, adds the gradient of the adapter's parameters to `gradient`. Frozen weights get none.
    /// The gate and up activations are overwritten.
    func backward(
        _ batch: RowBatch, _ activations: Activations, adapter: Adapter, gradient: FloatBuffer, scratch: BackwardScratch
    ) {
        let rows = batch.count
        let first = (batch.sequences.map { Int32($0.rows.lowerBound) } + [Int32(rows)])
        func adapt(
            _ group: LoraGroup?, x: UnsafePointer<Float>, hidden: UnsafePointer<Float>, dy: UnsafePointer<Float>,
            dx: UnsafeMutablePointer<Float>?
        ) {
            guard let group else { return }
            adapter.applyBackward(
                group, pool, rows: rows, x: x, hidden: hidden, dy: dy, dHidden: scratch.dHidden, gradient: gradient,
                dx: dx)
        }
        scratch.dx.update(repeating: 0, count: rows * shape.width)
        normBackward(rows, activations.final, model.finalNorm, activations.finalRms, scratch)
        for index in (0..<shape.layers).reversed() {
            let layer = model.layers[index], a = activations.layer(index), lora = adapter.layout.layers[index]
            // The MLP: out = middle + down(silu(gate) * up); dx is the gradient of out.
            layer.down.applyTransposed(pool, rows: rows, scratch.dx, to: scratch.dh)
            adapt(lora.down, x: a.h, hidden: a.hiddenDown, dy: scratch.dx, dx: scratch.dh)
            ck_swiglu_backward(pool.handle, rows, shape.feedForward, a.gateUp, scratch.dh)
            layer.gateUp.applyTransposed(pool, rows: rows, a.gateUp, to: scratch.dNorm)
            adapt(lora.gateUp, x: a.n2, hidden: a.hiddenGateUp, dy: a.gateUp, dx: scratch.dNorm)
            normBackward(rows, a.middle, layer.mlpNorm, a.rms2, scratch)
            // Attention: middle = x + output(attended); dx is now the gradient of middle.
            layer.attentionOutput.applyTransposed(pool, rows: rows, scratch.dx, to: scratch.dAttended)
            adapt(lora.attentionOutput, x: a.attended, hidden: a.hiddenOutput, dy: scratch.dx, dx: scratch.dAttended)
            var attention = ck_attention_gradient(
                sequences: batch.sequences.count, heads: shape.heads, kv_heads: shape.kvHeads, head: shape.headSize,
                first: nil, qkv: a.qkv, out: a.attended, dout: scratch.dAttended, lse: a.lse, dqkv: scratch.dqkv)
            first.withUnsafeBufferPointer { first in
                attention.first = first.baseAddress
                ck_attend_backward(pool.handle, &attention)
            }
            rotate(batch, scratch.dqkv, direction: -1)
            // Nothing below the first layer is trained.
            guard index > 0 else {
                adapt(lora.qkv, x: a.n1, hidden: a.hiddenQKV, dy: scratch.dqkv, dx: nil)
                return
            }
            layer.qkv.applyTransposed(pool, rows: rows, scratch.dqkv, to: scratch.dNorm)
            adapt(lora.qkv, x: a.n1, hidden: a.hiddenQKV, dy: scratch.dqkv, dx: scratch.dNorm)
            normBackward(rows, a.x, layer.attentionNorm, a.rms1, scratch)
        }
    }

    /// dx += the gradient of the norm's input, given that of its output in `dNorm`.
    private func normBackward(
        _ rows: Int, _ x: UnsafePointer<Float>, _ weight: FloatBuffer, _ inverseRms: UnsafePointer<Float>,
        _ scratch: BackwardScratch
    ) {
        ck_rms_norm_backward(
            pool.handle, rows, shape.width, x, weight.base, inverseRms, scratch.dNorm, scratch.dx)
    }
}

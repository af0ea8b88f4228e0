import CKernels

/// Gradients on their way back through the layers: one row for each token.
final class BackwardScratch {
    let dx, dNorm, dAttended, dqkv, dh, dHidden: UnsafeMutablePointer<Float>
    private let memory: FloatBuffer
    private let capacity, paddedRank: Int

    init(shape: TransformerShape, capacity: Int, paddedRank: Int) {
        (self.capacity, self.paddedRank) = (capacity, paddedRank)
        let widths = Self.widths(shape, paddedRank: paddedRank)
        memory = FloatBuffer(count: widths.reduce(0, +) * capacity)
        var next = memory.base
        let parts = widths.map { width in
            defer { next += width * capacity }
            return next
        }
        (dx, dNorm, dAttended, dqkv, dh, dHidden) = (parts[0], parts[1], parts[2], parts[3], parts[4], parts[5])
    }

    private static func widths(_ shape: TransformerShape, paddedRank: Int) -> [Int] {
        [
            shape.width, max(shape.width, shape.queryWidth), shape.queryWidth, shape.qkvWidth, shape.feedForward,
            3 * paddedRank,
        ]
    }

    static func bytesPerRow(_ shape: TransformerShape, paddedRank: Int) -> Int {
        widths(shape, paddedRank: paddedRank).reduce(0, +) * MemoryLayout<Float>.size
    }

    func fits(rows: Int, paddedRank: Int) -> Bool {
        rows <= capacity && paddedRank <= self.paddedRank
    }
}

extension Transformer {
    /// The backward pass of `forward` for whole sequences of one adapter: given the gradient of the normed output in
    /// `scratch.dNorm` `[rows, width]`, adds the gradient of the adapter's parameters to `gradient`. Frozen weights get none.
    /// The gate and up activations are overwritten. `check` is called before each layer, and ends the pass if it throws.
    func backward(
        _ batch: RowBatch, _ activations: Activations, adapter: Adapter, gradient: FloatBuffer, scratch: BackwardScratch,
        check: () throws -> Void
    ) rethrows {
        let rows = batch.count
        let plan = AttentionPlan(batch, activations, shape: shape)
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
            try check()
            let layer = model.layers[index], a = activations.layer(index), lora = adapter.layout.layers[index]
            // The last layer is still there from the forward pass.
            if activations.kept == .inputs, index + 1 < shape.layers { recompute(layer: index, batch, activations, plan) }
            // The MLP: out = middle + down(silu(gate) * up); dx is the gradient of out.
            layer.down.applyTransposed(pool, rows: rows, scratch.dx, to: scratch.dh)
            // The norms and the gated product were not kept: they cost less to compute again than to store.
            ck_swiglu(pool.handle, rows, shape.feedForward, a.gateUp, activations.gated)
            adapt(lora.down, x: activations.gated, hidden: a.hiddenDown, dy: scratch.dx, dx: scratch.dh)
            ck_swiglu_backward(pool.handle, rows, shape.feedForward, a.gateUp, scratch.dh)
            layer.gateUp.applyTransposed(pool, rows: rows, a.gateUp, to: scratch.dNorm)
            norm(rows, a.middle, layer.mlpNorm, activations.norm, a.rms2)
            adapt(lora.gateUp, x: activations.norm, hidden: a.hiddenGateUp, dy: a.gateUp, dx: scratch.dNorm)
            normBackward(rows, a.middle, layer.mlpNorm, a.rms2, scratch)
            // Attention: middle = x + output(attended); dx is now the gradient of middle.
            layer.attentionOutput.applyTransposed(pool, rows: rows, scratch.dx, to: scratch.dAttended)
            adapt(lora.attentionOutput, x: a.attended, hidden: a.hiddenOutput, dy: scratch.dx, dx: scratch.dAttended)
            attentionBackward(plan, a, layer: index, scratch)
            rotate(batch, scratch.dqkv, direction: -1)
            norm(rows, a.x, layer.attentionNorm, activations.norm, a.rms1)
            // Nothing below the first layer is trained.
            guard index > 0 else {
                adapt(lora.qkv, x: activations.norm, hidden: a.hiddenQKV, dy: scratch.dqkv, dx: nil)
                return
            }
            layer.qkv.applyTransposed(pool, rows: rows, scratch.dqkv, to: scratch.dNorm)
            adapt(lora.qkv, x: activations.norm, hidden: a.hiddenQKV, dy: scratch.dqkv, dx: scratch.dNorm)
            normBackward(rows, a.x, layer.attentionNorm, a.rms1, scratch)
        }
    }

    private func attentionBackward(
        _ plan: AttentionPlan, _ a: Activations.Layer, layer: Int, _ scratch: BackwardScratch
    ) {
        withAttention(plan, a, layer: layer) { attention in
            plan.keyBlocks.withUnsafeBufferPointer { keyBlocks in
                var gradient = ck_attention_gradient(
                    forward: attention, key_blocks: keyBlocks.count, key_block: keyBlocks.baseAddress,
                    dout: scratch.dAttended, dqkv: scratch.dqkv, dqkv_stride: shape.qkvWidth)
                ck_attend_backward(pool.handle, &gradient)
            }
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

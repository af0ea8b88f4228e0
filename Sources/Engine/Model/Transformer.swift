import CKernels

/// Passes through a Llama-family transformer: pre-norm blocks of rotary attention with grouped heads and a SiLU-gated MLP
/// (Touvron et al., "LLaMA", 2023), with LoRA adapters beside the frozen matrices.
struct Transformer {
    let model: BaseModel
    let pool: ThreadPool

    var shape: TransformerShape { model.shape }

    /// Computes all rows of a batch. Leaves the normed output in `activations.normed` `[rows, width]`, and whatever the backward
    /// pass needs in its layers, if it keeps them. `check` is called before each layer, and ends the pass if it throws.
    func forward(_ batch: RowBatch, _ activations: Activations, check: () throws -> Void) rethrows {
        let rows = batch.count
        model.embedding.gather(batch.tokens, to: activations.layer(0).x)
        let places = cachePlaces(batch)
        let plan = AttentionPlan(batch, activations, shape: shape)
        for index in 0..<shape.layers {
            try check()
            forward(layer: index, batch, activations, plan, places)
        }
        norm(rows, activations.final, model.finalNorm, activations.normed, activations.finalRms)
    }

    /// Computes a layer from its input in `activations`.
    private func forward(
        layer index: Int, _ batch: RowBatch, _ activations: Activations, _ plan: AttentionPlan, _ places: [ck_kv_place]
    ) {
        let rows = batch.count
        let layer = model.layers[index], a = activations.layer(index)
        norm(rows, a.x, layer.attentionNorm, activations.norm, a.rms1)
        layer.qkv.apply(pool, rows: rows, activations.norm, to: a.qkv)
        applyAdapters(batch, { $0.layers[index].qkv }, x: activations.norm, hidden: a.hiddenQKV, y: a.qkv)
        rotate(batch, a.qkv, direction: 1)
        if !places.isEmpty {
            ck_keep_kv(
                pool.handle, rows, places, index, shape.kvHeads, shape.headSize, a.qkv + shape.queryWidth, shape.qkvWidth)
        }
        withAttention(plan, a, layer: index) { attention in
            var attention = attention
            ck_attend(pool.handle, &attention)
        }
        a.middle.update(from: a.x, count: rows * shape.width)
        layer.attentionOutput.apply(pool, rows: rows, a.attended, to: a.middle, accumulate: true)
        applyAdapters(
            batch, { $0.layers[index].attentionOutput }, x: a.attended, hidden: a.hiddenOutput, y: a.middle)

        norm(rows, a.middle, layer.mlpNorm, activations.norm, a.rms2)
        layer.gateUp.apply(pool, rows: rows, activations.norm, to: a.gateUp)
        applyAdapters(batch, { $0.layers[index].gateUp }, x: activations.norm, hidden: a.hiddenGateUp, y: a.gateUp)
        ck_swiglu(pool.handle, rows, shape.feedForward, a.gateUp, activations.gated)
        let out = activations.output(of: index, layers: shape.layers)
        out.update(from: a.middle, count: rows * shape.width)
        layer.down.apply(pool, rows: rows, activations.gated, to: out, accumulate: true)
        applyAdapters(batch, { $0.layers[index].down }, x: activations.gated, hidden: a.hiddenDown, y: out)
    }

    /// Computes a layer again of which only the input was kept. The output comes to stand where it stood, with the same bits.
    func recompute(layer index: Int, _ batch: RowBatch, _ activations: Activations, _ plan: AttentionPlan) {
        forward(layer: index, batch, activations, plan, [])
    }

    /// Where the cache will keep each row's keys and values; empty if none of them is kept.
    private func cachePlaces(_ batch: RowBatch) -> [ck_kv_place] {
        guard batch.sequences.contains(where: { !$0.blocks.isEmpty }) else { return [] }
        return batch.sequences.flatMap { sequence in
            guard let block = sequence.blocks.last else { return sequence.rows.map { _ in ck_kv_place() } }
            let first = block.grow(by: sequence.rows.count)
            return (0..<sequence.rows.count).map { block.place(first + $0) }
        }
    }

    func norm(
        _ rows: Int, _ x: UnsafePointer<Float>, _ weight: FloatBuffer, _ out: UnsafeMutablePointer<Float>,
        _ inverseRms: UnsafeMutablePointer<Float>
    ) {
        ck_rms_norm(pool.handle, rows, shape.width, shape.rmsEpsilon, x, weight.base, out, inverseRms)
    }

    /// Rotates queries and keys, which stand side by side.
    func rotate(_ batch: RowBatch, _ qkv: UnsafeMutablePointer<Float>, direction: Float) {
        ck_rope(
            pool.handle, batch.count, shape.heads + shape.kvHeads, shape.headSize, shape.qkvWidth, batch.positions,
            model.ropeTable.base, direction, qkv)
    }

    private func applyAdapters(
        _ batch: RowBatch, _ group: (LoraLayout) -> LoraGroup?, x: UnsafePointer<Float>,
        hidden: UnsafeMutablePointer<Float>, y: UnsafeMutablePointer<Float>
    ) {
        for (rows, adapter) in batch.adapterRuns {
            guard let adapter, let group = group(adapter.layout) else { continue }
            adapter.apply(
                group, pool, rows: rows.count, x: x + rows.lowerBound * group.inputWidth,
                hidden: hidden + rows.lowerBound * group.hiddenWidth, y: y + rows.lowerBound * group.outputWidth)
        }
    }

    /// The attention of a layer as the kernels want it; the pointers live as long as the call.
    func withAttention(
        _ plan: AttentionPlan, _ a: Activations.Layer, layer: Int, _ body: (ck_attention) -> Void
    ) {
        withExtendedLifetime(plan) {
            plan.blocks.withUnsafeBufferPointer { blocks in
                body(
                    ck_attention(
                        blocks: blocks.count, heads: shape.heads, kv_heads: shape.kvHeads, head: shape.headSize,
                        layer: layer, block: blocks.baseAddress, q: a.qkv, q_stride: shape.qkvWidth, out: a.attended,
                        lse: a.lse))
            }
        }
    }
}

import Tensors
import TrainingAPI

/// Forward and backward passes over data. Data are packed into micro-batches by a token budget, in their order, so that every sum
/// over tokens has an order that depends on the data alone.
final class Learner {
    /// A micro-batch after its forward pass.
    struct Pass {
        let data: Range<Int>
        let batch: RowBatch
        let activations: Activations
    }

    /// One datum in the engine's own types.
    private struct Targets {
        let ids: [Int32]
        /// Targets at each position: K of a `[N, K]` tensor, else 1.
        let perPosition: Int
    }

    private static let tokensPerPass = 512
    /// Activations of this many tokens are kept between the two halves of a custom loss; beyond, they are computed again.
    private static let keptTokens = 3072

    private let transformer: Transformer
    private let head: VocabularyHead
    private let pool: ThreadPool
    private var idle: [Activations] = []
    private var scratch: BackwardScratch?

    init(model: BaseModel, pool: ThreadPool) {
        transformer = Transformer(model: model, pool: pool)
        head = VocabularyHead(model: model, pool: pool)
        self.pool = pool
    }

    private var shape: TransformerShape { transformer.shape }

    /// The logprobs of every target, datum by datum.
    func logprobs(_ data: [Datum], adapter: Adapter?, isCancelled: () -> Bool) throws -> [[Float]] {
        var results: [[Float]] = []
        for range in packed(data) {
            if isCancelled() { throw TrainingError.cancelled }
            let pass = forward(data, range, adapter: adapter, keepAll: false)
            results += logprobs(pass, data, masks: nil, adapter: adapter)
            idle.append(pass.activations)
        }
        return results
    }

    /// Forward and backward with a loss that is a sum over data: `gradient(index, logprobs)` returns dLoss/dLogprob of a datum.
    /// Targets for which `wanted` is false are left out; their logprob reads 0.
    func forwardBackward(
        _ data: [Datum], state: TrainingState, wanted: (Datum) -> [Bool], isCancelled: () -> Bool,
        gradient: (Int, [Float]) throws -> [Float]
    ) throws {
        let adapter = state.adapter
        for range in packed(data) {
            if isCancelled() { throw TrainingError.cancelled }
            let pass = forward(data, range, adapter: adapter, keepAll: true)
            defer { idle.append(pass.activations) }
            let logprobs = logprobs(pass, data, masks: data[range].map { wanted($0) }, adapter: adapter)
            let gradients = try zip(range, logprobs).map { try gradient($0, $1) }
            backward(pass, data, gradients: gradients, state: state)
        }
    }

    /// The first half of a custom loss: logprobs of the targets with a weight, and the passes that the second half goes on from, as far as they
    /// may be kept.
    func beginCustom(_ data: [Datum], state: TrainingState, isCancelled: () -> Bool) throws -> (
        logprobs: [[Float]], kept: [Pass]
    ) {
        var results: [[Float]] = []
        var kept: [Pass] = []
        let keep = data.reduce(0) { $0 + $1.modelInput.length } <= Self.keptTokens
        for range in packed(data) {
            if isCancelled() {
                release(kept)
                throw TrainingError.cancelled
            }
            let pass = forward(data, range, adapter: state.adapter, keepAll: keep)
            let masks = data[range].map { LossFunction.crossEntropy.contributingTargets(of: $0) }
            results += logprobs(pass, data, masks: masks, adapter: state.adapter)
            if keep { kept.append(pass) } else { idle.append(pass.activations) }
        }
        return (results, kept)
    }

    /// The second half: adds the gradient, given dLoss/dLogprob of every target. The caller releases what was kept.
    func endCustom(
        _ data: [Datum], gradients: [[Float]], kept: [Pass], state: TrainingState, isCancelled: () -> Bool
    ) throws {
        for (index, range) in packed(data).enumerated() {
            if isCancelled() { throw TrainingError.cancelled }
            if kept.isEmpty {
                let pass = forward(data, range, adapter: state.adapter, keepAll: true)
                backward(pass, data, gradients: Array(gradients[range]), state: state)
                idle.append(pass.activations)
            } else {
                backward(kept[index], data, gradients: Array(gradients[range]), state: state)
            }
        }
    }

    /// Gives back the memory of passes that nobody will go on from.
    func release(_ passes: [Pass]) {
        idle += passes.map(\.activations)
    }

    private func packed(_ data: [Datum]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var first = 0, tokens = 0
        for (index, datum) in data.enumerated() {
            if index > first, tokens + datum.modelInput.length > Self.tokensPerPass {
                ranges.append(first..<index)
                (first, tokens) = (index, 0)
            }
            tokens += datum.modelInput.length
        }
        if first < data.count { ranges.append(first..<data.count) }
        return ranges
    }

    private func forward(_ data: [Datum], _ range: Range<Int>, adapter: Adapter?, keepAll: Bool) -> Pass {
        var batch = RowBatch()
        for datum in data[range] { batch.append(datum.modelInput.tokens, adapter: adapter) }
        let activations = takeActivations(
            rows: batch.count, paddedRank: adapter?.layout.paddedRank ?? 16, keepAll: keepAll)
        transformer.forward(batch, activations)
        return Pass(data: range, batch: batch, activations: activations)
    }

    private func takeActivations(rows: Int, paddedRank: Int, keepAll: Bool) -> Activations {
        if let index = idle.firstIndex(where: { $0.fits(rows: rows, paddedRank: paddedRank, keepAll: keepAll) }) {
            return idle.remove(at: index)
        }
        // What no longer fits is of no further use: sequences have grown.
        idle.removeAll { $0.capacity < rows }
        return Activations(
            shape: shape, capacity: max(rows, Self.tokensPerPass), paddedRank: paddedRank, keepAll: keepAll)
    }

    private func targets(_ datum: Datum) -> Targets {
        guard let tensor = datum.lossFnInputs["target_tokens"] else { return Targets(ids: [], perPosition: 1) }
        return Targets(ids: tensor.ints.map { Int32($0) }, perPosition: tensor.shape.count > 1 ? tensor.shape[1] : 1)
    }

    private func queries(
        _ pass: Pass, _ data: [Datum], include: (_ offset: Int, _ index: Int) -> Bool
    ) -> [(datum: Int, index: Int, query: VocabularyHead.Query)] {
        zip(pass.data, pass.batch.sequences).flatMap { datum, sequence in
            let targets = targets(data[datum])
            return sequence.rows.enumerated().compactMap {
                position, row -> (datum: Int, index: Int, query: VocabularyHead.Query)? in
                let range = position * targets.perPosition..<(position + 1) * targets.perPosition
                guard range.contains(where: { include(datum, $0) }) else { return nil }
                return (datum, range.lowerBound, VocabularyHead.Query(row: row, targets: targets.ids[range]))
            }
        }
    }

    private func logprobs(
        _ pass: Pass, _ data: [Datum], masks: [[Bool]]?, adapter: Adapter?
    ) -> [[Float]] {
        let queries = queries(pass, data) { masks?[$0 - pass.data.lowerBound][$1] ?? true }
        let values = head.logprobs(queries.map(\.query), normed: pass.activations.normed, adapter: adapter)
        var results = data[pass.data].map { [Float](repeating: 0, count: $0.lossFnInputs["target_tokens"]?.count ?? 0) }
        for (query, values) in zip(queries, values) {
            results[query.datum - pass.data.lowerBound].replaceSubrange(
                query.index..<query.index + values.count, with: values)
        }
        return results
    }

    private func backward(_ pass: Pass, _ data: [Datum], gradients: [[Float]], state: TrainingState) {
        let queries = queries(pass, data) { gradients[$0 - pass.data.lowerBound][$1] != 0 }
        guard !queries.isEmpty else { return }
        let paddedRank = state.layout.paddedRank
        let capacity = pass.activations.capacity
        let scratch =
            self.scratch.flatMap { $0.fits(rows: capacity, paddedRank: paddedRank) ? $0 : nil }
            ?? BackwardScratch(shape: shape, capacity: capacity, paddedRank: paddedRank)
        self.scratch = scratch
        scratch.dNorm.update(repeating: 0, count: pass.batch.count * shape.width)
        head.backward(
            queries.map(\.query),
            weights: queries.map {
                gradients[$0.datum - pass.data.lowerBound][$0.index..<$0.index + $0.query.targets.count]
            },
            normed: pass.activations.normed, dNormed: scratch.dNorm, adapter: state.adapter, gradient: state.gradient)
        transformer.backward(
            pass.batch, pass.activations, adapter: state.adapter, gradient: state.gradient, scratch: scratch)
    }
}

import Tensors
import TrainingAPI

/// Forward and backward passes over data. Data are packed into passes by a budget of rows; what several begin with (the prompt of
/// a group, the prefix of comparisons) is computed once, forward and backward. Every sum over rows has an order that depends on
/// the data alone.
final class Learner {
    /// Some of the data after their forward pass.
    struct Pass {
        let packed: PackedPass
        let batch: RowBatch
        let activations: Activations
    }

    /// The targets of one position of a datum.
    private struct Position {
        /// The index among the pass's data.
        let member: Int
        /// Where the targets stand in `target_tokens`.
        let targets: Range<Int>
        let place: RowQueries.Place
    }

    private let transformer: Transformer
    private let head: VocabularyHead
    private var store: ActivationsStore
    private var scratch: BackwardScratch?

    init(model: BaseModel, pool: ThreadPool, memoryBudget: MemoryBudget) {
        transformer = Transformer(model: model, pool: pool)
        head = VocabularyHead(model: model, pool: pool)
        store = ActivationsStore(shape: model.shape, budget: memoryBudget)
    }

    private var shape: TransformerShape { transformer.shape }

    /// The logprobs of every target, datum by datum.
    func logprobs(_ data: [Datum], adapter: Adapter, isCancelled: () -> Bool) throws -> [[Float]] {
        var results = [[Float]](repeating: [], count: data.count)
        for packed in try store.pack(data, paddedRank: adapter.layout.paddedRank, goesBackward: false) {
            let pass = try forward(packed, adapter: adapter, goesBackward: false, isCancelled)
            defer { release([pass]) }
            let values = try logprobs(pass, data, adapter: adapter, isCancelled) { _ in nil }
            for (index, values) in zip(packed.members, values) { results[index] = values }
        }
        return results
    }

    /// Forward and backward with a loss that is a sum over targets. Gives the logprobs of every target, datum by datum; those that
    /// cannot contribute are left out and read 0. `check` is called with each datum's logprobs. If this throws, the state's
    /// gradient is what it was.
    func forwardBackward(
        _ data: [Datum], state: TrainingState, loss: LossFunction, isCancelled: () -> Bool,
        check: (_ index: Int, _ logprobs: [Float]) throws -> Void
    ) throws {
        let adapter = state.adapter
        let passes = try store.pack(data, paddedRank: adapter.layout.paddedRank, goesBackward: true)
        try state.accumulating {
            for packed in passes {
                let pass = try forward(packed, adapter: adapter, goesBackward: true, isCancelled)
                defer { release([pass]) }
                let terms = packed.members.map { loss.terms(of: data[$0]) }
                let logprobs = try backward(
                    pass, data, state: state, isCancelled, include: { terms[$0].contributes($1) },
                    derivative: { terms[$0].derivative($1, logprob: $2) })
                for (index, logprobs) in zip(packed.members, logprobs) { try check(index, logprobs) }
            }
        }
    }

    /// The first half of a custom loss: logprobs of the targets with a weight, and the passes that the second half goes on from.
    /// Those that the budget has no room to keep are nil, and computed again.
    func beginCustom(_ data: [Datum], state: TrainingState, isCancelled: () -> Bool) throws -> (
        logprobs: [[Float]], kept: [Pass?]
    ) {
        let rank = state.layout.paddedRank
        var results = [[Float]](repeating: [], count: data.count)
        var kept: [Pass?] = []
        let passes = try store.pack(data, paddedRank: rank, goesBackward: true)
        for packed in passes {
            // Beside this pass there must be room for one that is computed again, if there are others.
            let keep = store.hasRoom(
                forPasses: passes.count == 1 ? 1 : 2, rows: packed.tree.tokens.count, paddedRank: rank)
            do {
                let pass = try forward(packed, adapter: state.adapter, goesBackward: keep, isCancelled)
                kept.append(pass)
                let values = try logprobs(pass, data, adapter: state.adapter, isCancelled) {
                    LossFunction.crossEntropy.contributingTargets(of: $0)
                }
                for (index, values) in zip(packed.members, values) { results[index] = values }
            } catch {
                release(kept)
                throw error
            }
            if !keep {
                release(kept.suffix(1))
                kept[kept.count - 1] = nil
            }
        }
        return (results, kept)
    }

    /// The second half: adds the gradient, given dLoss/dLogprob of every target. The caller releases what was kept. If this
    /// throws, the state's gradient is what it was.
    func endCustom(
        _ data: [Datum], gradients: [[Float]], kept: [Pass?], state: TrainingState, isCancelled: () -> Bool
    ) throws {
        let passes = try store.pack(data, paddedRank: state.layout.paddedRank, goesBackward: true)
        try state.accumulating {
            for (packed, kept) in zip(passes, kept) {
                let pass = try kept ?? forward(packed, adapter: state.adapter, goesBackward: true, isCancelled)
                defer { if kept == nil { release([pass]) } }
                let gradients = packed.members.map { gradients[$0] }
                _ = try backward(pass, data, state: state, isCancelled, include: { gradients[$0][$1] != 0 }) { member, target, _ in
                    gradients[member][target]
                }
            }
        }
    }

    /// Gives back the memory of passes that nobody will go on from.
    func release(_ passes: some Sequence<Pass?>) {
        for case let pass? in passes { store.giveBack(pass.activations) }
    }

    private static func stop(if isCancelled: () -> Bool) throws(TrainingError) {
        if isCancelled() { throw .cancelled }
    }

    private func forward(
        _ packed: PackedPass, adapter: Adapter, goesBackward: Bool, _ isCancelled: () -> Bool
    ) throws -> Pass {
        let batch = RowBatch(packed.tree, adapter: adapter)
        let rank = adapter.layout.paddedRank
        let activations = store.take(
            rows: batch.count, paddedRank: rank, kept: goesBackward ? store.kept(rows: batch.count, paddedRank: rank) : .nothing)
        do {
            try transformer.forward(batch, activations, check: { try Self.stop(if: isCancelled) })
        } catch {
            store.giveBack(activations)
            throw error
        }
        return Pass(packed: packed, batch: batch, activations: activations)
    }

    /// What is asked of the rows of a pass: the targets of each position with one that `include` names.
    private func queries(
        _ pass: Pass, _ data: [Datum], include: (_ member: Int, _ target: Int) -> Bool
    ) -> (queries: [VocabularyHead.Query], positions: [Position]) {
        var queries = RowQueries()
        var positions: [Position] = []
        for (member, index) in pass.packed.members.enumerated() {
            guard let tensor = data[index].lossFnInputs["target_tokens"] else { continue }
            let ids = tensor.ints.map { Int32($0) }
            let perPosition = tensor.shape.count > 1 ? tensor.shape[1] : 1
            for (position, row) in pass.packed.tree.rows(of: member).enumerated() {
                let targets = position * perPosition..<(position + 1) * perPosition
                guard targets.contains(where: { include(member, $0) }) else { continue }
                let place = queries.add(row: row, targets: ids[targets])
                positions.append(Position(member: member, targets: targets, place: place))
            }
        }
        return (queries.queries, positions)
    }

    /// The logprobs of the targets of each of the pass's data; 0 for those that are not wanted. No mask means all.
    private func logprobs(
        _ pass: Pass, _ data: [Datum], adapter: Adapter, _ isCancelled: () -> Bool, wanted: (Datum) -> [Bool]?
    ) throws -> [[Float]] {
        let masks = pass.packed.members.map { wanted(data[$0]) }
        let (queries, positions) = queries(pass, data) { masks[$0]?[$1] ?? true }
        let values = try head.logprobs(queries, normed: pass.activations.normed, adapter: adapter) {
            try Self.stop(if: isCancelled)
        }
        return byDatum(values, positions, pass, data)
    }

    /// Values of queries, in the order of each datum's targets; 0 where nothing was asked.
    private func byDatum(_ values: [[Float]], _ positions: [Position], _ pass: Pass, _ data: [Datum]) -> [[Float]] {
        var results = pass.packed.members.map {
            [Float](repeating: 0, count: data[$0].lossFnInputs["target_tokens"]?.count ?? 0)
        }
        for position in positions {
            results[position.member].replaceSubrange(
                position.targets, with: values[position.place.query][position.place.targets])
        }
        return results
    }

    /// The backward pass from the targets that `include` names, with dLoss/dLogprob of each. Gives their logprobs.
    private func backward(
        _ pass: Pass, _ data: [Datum], state: TrainingState, _ isCancelled: () -> Bool,
        include: (_ member: Int, _ target: Int) -> Bool,
        derivative: (_ member: Int, _ target: Int, _ logprob: Float) -> Float
    ) throws -> [[Float]] {
        let (queries, positions) = queries(pass, data, include: include)
        guard !queries.isEmpty else { return byDatum([], [], pass, data) }
        // Whose target each target of a query is.
        var owners = queries.map { [(member: Int, target: Int)](repeating: (0, 0), count: $0.targets.count) }
        for position in positions {
            owners[position.place.query].replaceSubrange(
                position.place.targets, with: position.targets.map { (position.member, $0) })
        }
        let scratch = scratch(for: pass, paddedRank: state.layout.paddedRank)
        scratch.dNorm.update(repeating: 0, count: pass.batch.count * shape.width)
        let values = try head.logprobsAndBackward(
            queries, normed: pass.activations.normed, dNormed: scratch.dNorm, adapter: state.adapter, gradient: state.gradient,
            check: { try Self.stop(if: isCancelled) }
        ) { query, target, logprob in
            let owner = owners[query][target]
            return include(owner.member, owner.target) ? derivative(owner.member, owner.target, logprob) : 0
        }
        try transformer.backward(
            pass.batch, pass.activations, adapter: state.adapter, gradient: state.gradient, scratch: scratch,
            check: { try Self.stop(if: isCancelled) })
        return byDatum(values, positions, pass, data)
    }

    private func scratch(for pass: Pass, paddedRank: Int) -> BackwardScratch {
        let capacity = pass.activations.capacity
        if let scratch, scratch.fits(rows: capacity, paddedRank: paddedRank) { return scratch }
        let made = BackwardScratch(shape: shape, capacity: capacity, paddedRank: paddedRank)
        scratch = made
        return made
    }
}

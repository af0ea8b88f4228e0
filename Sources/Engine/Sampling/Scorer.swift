import TrainingAPI

/// Answers requests for logprobs: the inputs of all requests of one adapter packed together, what several begin with computed
/// once.
final class Scorer {
    /// Rows of a pass: layers keep nothing, so that the tree of a whole tournament fits.
    private static let rowsPerPass = 4096

    private let model: BaseModel
    private let transformer: Transformer
    private let head: VocabularyHead
    private let memoryBudget: MemoryBudget
    private var activations: Activations?

    init(model: BaseModel, pool: ThreadPool, memoryBudget: MemoryBudget) {
        self.model = model
        self.memoryBudget = memoryBudget
        transformer = Transformer(model: model, pool: pool)
        head = VocabularyHead(model: model, pool: pool)
    }

    func score(_ requests: [ScoreRequest]) {
        var waiting = requests[...]
        while let first = waiting.first {
            score(ofOneAdapter: waiting.filter { $0.adapter === first.adapter })
            waiting = waiting.filter { $0.adapter !== first.adapter }[...]
        }
    }

    private func score(ofOneAdapter requests: [ScoreRequest]) {
        let adapter = requests[0].adapter
        let rank = adapter?.layout.paddedRank ?? 16
        let limit = memoryBudget.activationBytes / Activations.bytesPerRow(model.shape, paddedRank: rank, kept: .nothing)
        let items = requests.indices.flatMap { request in requests[request].items.indices.map { (request, $0) } }
        var results = requests.map { [[[Float]]](repeating: [], count: $0.items.count) }
        let passes = PackedPass.pack(
            items.map { requests[$0].items[$1].tokens }, rowLimit: min(Self.rowsPerPass, limit))
        for pass in passes {
            // Nobody may be waiting any more before the pass is over.
            func check() throws(TrainingError) {
                if pass.members.allSatisfy({ requests[items[$0].0].future.isDone }) { throw .cancelled }
            }
            guard let activations = try? run(pass, adapter: adapter, rank: rank, check: check) else { continue }
            var queries = RowQueries()
            let places = pass.members.enumerated().map { member, index in
                let rows = pass.tree.rows(of: member)
                return requests[items[index].0].items[items[index].1].wanted.map { wanted in
                    queries.add(row: rows[wanted.position], targets: wanted.targets.map { Int32($0) })
                }
            }
            let values = head.logprobs(queries.queries, normed: activations.normed, adapter: adapter, check: {})
            for (index, places) in zip(pass.members, places) {
                results[items[index].0][items[index].1] = places.map { Array(values[$0.query][$0.targets]) }
            }
        }
        for (request, result) in zip(requests, results) { request.future.resolve(.success(result)) }
    }

    private func run(
        _ pass: PackedPass, adapter: Adapter?, rank: Int, check: () throws -> Void
    ) rethrows -> Activations {
        let batch = RowBatch(pass.tree, adapter: adapter)
        let space =
            activations.flatMap { $0.fits(rows: batch.count, paddedRank: rank, kept: .nothing) ? $0 : nil }
            ?? Activations(
                shape: model.shape, capacity: max(batch.count, Self.rowsPerPass), paddedRank: rank, kept: .nothing)
        activations = space
        try transformer.forward(batch, space, check: check)
        return space
    }
}

import CKernels

/// From hidden rows to logits, logprobs and back. Logits are computed only for the rows that somebody asks for, some rows at a
/// time, and never all held at once.
final class VocabularyHead {
    /// A row of the normed hidden states and the tokens whose logprobs are wanted there.
    struct Query {
        var row: Int
        var targets: ArraySlice<Int32>
    }

    private static let rowsAtOnce = 64

    private let model: BaseModel
    private let pool: ThreadPool
    private let x, dx, lse, logits: FloatBuffer
    private var hidden = FloatBuffer(count: 0)
    private var dHidden = FloatBuffer(count: 0)

    init(model: BaseModel, pool: ThreadPool) {
        self.model = model
        self.pool = pool
        x = FloatBuffer(count: Self.rowsAtOnce * model.shape.width)
        dx = FloatBuffer(count: Self.rowsAtOnce * model.shape.width)
        lse = FloatBuffer(count: Self.rowsAtOnce)
        logits = FloatBuffer(count: Self.rowsAtOnce * model.shape.vocabulary)
    }

    /// The logprobs of the targets of each query. `check` is called before each chunk of rows, and ends it all if it throws.
    func logprobs(
        _ queries: [Query], normed: UnsafePointer<Float>, adapter: Adapter?, check: () throws -> Void
    ) rethrows -> [[Float]] {
        var results: [[Float]] = []
        results.reserveCapacity(queries.count)
        try forEachChunk(queries, normed, adapter) { chunk in
            try check()
            for (index, query) in chunk.enumerated() { results.append(logprobs(of: query, row: index)) }
        }
        return results
    }

    /// The logprobs of the targets of each query, and the backward pass with them: `derivative` gives dLoss/dLogprob of a target.
    /// Writes the gradient of the normed rows into `dNormed` (rows without a query are left alone) and adds the adapter's. Logits
    /// are used for both directions before the next rows', so that they are computed once. `check` is as in `logprobs`.
    func logprobsAndBackward(
        _ queries: [Query], normed: UnsafePointer<Float>, dNormed: UnsafeMutablePointer<Float>, adapter: Adapter,
        gradient: FloatBuffer, check: () throws -> Void,
        derivative: (_ query: Int, _ target: Int, _ logprob: Float) -> Float
    ) rethrows -> [[Float]] {
        let shape = model.shape
        let width = queries.map(\.targets.count).max() ?? 0
        var results: [[Float]] = []
        results.reserveCapacity(queries.count)
        try forEachChunk(queries, normed, adapter) { chunk in
            try check()
            var targets = [Int32](repeating: 0, count: chunk.count * width)
            var derivatives = [Float](repeating: 0, count: chunk.count * width)
            for (index, query) in chunk.enumerated() {
                let logprobs = logprobs(of: query, row: index)
                for (target, (token, logprob)) in zip(query.targets, logprobs).enumerated() {
                    targets[index * width + target] = token
                    derivatives[index * width + target] = derivative(results.count, target, logprob)
                }
                results.append(logprobs)
            }
            ck_logits_gradient(
                pool.handle, chunk.count, shape.vocabulary, width, targets, derivatives, lse.base, logits.base)
            model.head.applyTransposed(pool, rows: chunk.count, logits.base, to: dx.base)
            if let group = adapter.layout.head {
                adapter.applyBackward(
                    group, pool, rows: chunk.count, x: x.base, hidden: hidden.base, dy: logits.base, dHidden: dHidden.base,
                    gradient: gradient, dx: dx.base)
            }
            for (index, query) in chunk.enumerated() {
                (dNormed + query.row * shape.width).update(from: dx.base + index * shape.width, count: shape.width)
            }
        }
        return results
    }

    /// Draws one token for each given row of `normed`; rows come with the adapter that computed them.
    func sample(_ rows: [(row: Int, adapter: Adapter?)], draws: inout [ck_draw], normed: UnsafePointer<Float>) {
        var first = 0
        while first < rows.count {
            let adapter = rows[first].adapter
            var end = first
            while end < rows.count, rows[end].adapter === adapter { end += 1 }
            let queries = rows[first..<end].map { Query(row: $0.row, targets: []) }
            var next = first
            forEachChunk(queries, normed, adapter, needsLse: false) { chunk in
                draws.withUnsafeMutableBufferPointer { draws in
                    guard let base = draws.baseAddress else { return }
                    ck_sample(pool.handle, chunk.count, model.shape.vocabulary, logits.base, base + next)
                }
                next += chunk.count
            }
            first = end
        }
    }

    /// The logprobs of a query's targets, of the logits that are there now.
    private func logprobs(of query: Query, row: Int) -> [Float] {
        let row = (logits: logits.base + row * model.shape.vocabulary, lse: lse.base[row])
        return query.targets.map { row.logits[Int($0)] - row.lse }
    }

    private func forEachChunk(
        _ queries: [Query], _ normed: UnsafePointer<Float>, _ adapter: Adapter?, needsLse: Bool = true,
        _ body: (ArraySlice<Query>) throws -> Void
    ) rethrows {
        let shape = model.shape
        if let group = adapter?.layout.head, hidden.count < Self.rowsAtOnce * group.hiddenWidth {
            hidden = FloatBuffer(count: Self.rowsAtOnce * group.hiddenWidth)
            dHidden = FloatBuffer(count: Self.rowsAtOnce * group.hiddenWidth)
        }
        for first in stride(from: 0, to: queries.count, by: Self.rowsAtOnce) {
            let chunk = queries[first..<min(first + Self.rowsAtOnce, queries.count)]
            for (index, query) in chunk.enumerated() {
                (x.base + index * shape.width).update(from: normed + query.row * shape.width, count: shape.width)
            }
            model.head.apply(pool, rows: chunk.count, x.base, to: logits.base)
            if let adapter, let group = adapter.layout.head {
                adapter.apply(group, pool, rows: chunk.count, x: x.base, hidden: hidden.base, y: logits.base)
            }
            if needsLse { ck_log_sum_exp(pool.handle, chunk.count, shape.vocabulary, logits.base, lse.base) }
            try body(chunk)
        }
    }
}

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

    /// The logprobs of the targets of each query.
    func logprobs(_ queries: [Query], normed: UnsafePointer<Float>, adapter: Adapter?) -> [[Float]] {
        var results: [[Float]] = []
        results.reserveCapacity(queries.count)
        forEachChunk(queries, normed, adapter) { chunk in
            for (index, query) in chunk.enumerated() {
                let row = logits.base + index * model.shape.vocabulary
                results.append(query.targets.map { row[Int($0)] - lse.base[index] })
            }
        }
        return results
    }

    /// The backward pass of `logprobs`: given dLoss/dLogprob of each target, writes the gradient of the normed rows into `dNormed`
    /// (rows without a query are left alone) and adds the adapter's.
    func backward(
        _ queries: [Query], weights: [ArraySlice<Float>], normed: UnsafePointer<Float>,
        dNormed: UnsafeMutablePointer<Float>,
        adapter: Adapter, gradient: FloatBuffer
    ) {
        let shape = model.shape
        let width = queries.map(\.targets.count).max() ?? 0
        var done = 0
        forEachChunk(queries, normed, adapter) { chunk in
            var targets: [Int32] = []
            var g: [Float] = []
            for (query, weights) in zip(chunk, weights[done..<done + chunk.count]) {
                let padding = width - query.targets.count
                targets += Array(query.targets) + Array(repeating: 0, count: padding)
                g += Array(weights) + Array(repeating: 0, count: padding)
            }
            done += chunk.count
            ck_logits_gradient(pool.handle, chunk.count, shape.vocabulary, width, targets, g, lse.base, logits.base)
            model.head.applyTransposed(pool, rows: chunk.count, logits.base, to: dx.base)
            if let group = adapter.layout.head {
                adapter.applyBackward(
                    group, pool, rows: chunk.count, x: x.base, hidden: hidden.base, dy: logits.base,
                    dHidden: dHidden.base,
                    gradient: gradient, dx: dx.base)
            }
            for (index, query) in chunk.enumerated() {
                (dNormed + query.row * shape.width).update(from: dx.base + index * shape.width, count: shape.width)
            }
        }
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

    private func forEachChunk(
        _ queries: [Query], _ normed: UnsafePointer<Float>, _ adapter: Adapter?, needsLse: Bool = true,
        _ body: (ArraySlice<Query>) -> Void
    ) {
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
            body(chunk)
        }
    }
}

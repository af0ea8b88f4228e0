import Synchronization
import TrainingAPI

/// Comparisons with a winner as pairs of datums, with the reference's logprobs of both replies. Those never change, so each row is
/// asked once in a run.
final class DPOPairs: Sendable {
    /// Some rows as datums, the chosen reply's before the rejected one's, and the reference's logprob of each reply.
    struct Batch: Sendable {
        var datums: [Datum]
        var reference: [Double]
    }

    /// The comparisons.
    let rows: [LabeledComparison]
    private let renderer: PairRenderer
    private let reference: any SamplingClient
    private let known = Mutex<[Int: [Double]]>([:])

    /// Pairs of rows that all have a winner.
    init(_ rows: [LabeledComparison], renderer: PairRenderer, reference: any SamplingClient) {
        self.rows = rows
        self.renderer = renderer
        self.reference = reference
    }

    /// The pairs of some rows, by position.
    func batch(_ positions: [Int]) async throws -> Batch {
        let pairs = try positions.map { try renderer.datums(rows[$0]) }
        let open = known.withLock { known in positions.indices.filter { known[positions[$0]] == nil } }
        let asked = open.flatMap { pairs[$0] }
        let sums = zip(asked, try await reference.targetLogprobs(of: asked)).map { $0.weightedSum(of: $1) }
        let reference = known.withLock { known in
            for (place, index) in open.enumerated() { known[positions[index]] = Array(sums[(2 * place)..<(2 * place + 2)]) }
            return positions.flatMap { known[$0] ?? [] }
        }
        return Batch(datums: pairs.flatMap { $0 }, reference: reference)
    }
}

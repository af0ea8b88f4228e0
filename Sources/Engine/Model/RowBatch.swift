/// Tokens of several sequences, laid one after another without padding, for one pass through the transformer.
struct RowBatch {
    /// Rows of one sequence: either a whole sequence from position 0 that nothing is kept of, or the next positions of one whose
    /// earlier keys are in blocks, the last of which takes the new ones.
    struct Sequence {
        let rows: Range<Int>
        let blocks: [KVBlock]
    }

    private(set) var tokens: [Int32] = []
    private(set) var positions: [Int32] = []
    private(set) var sequences: [Sequence] = []
    /// Runs of rows that use the same adapter.
    private(set) var adapterRuns: [(rows: Range<Int>, adapter: Adapter?)] = []

    var count: Int { tokens.count }

    /// Adds the tokens of a sequence; returns their rows.
    @discardableResult
    mutating func append(
        _ newTokens: some Collection<Int>, position: Int = 0, blocks: [KVBlock] = [], adapter: Adapter?
    ) -> Range<Int> {
        let rows = count..<count + newTokens.count
        tokens += newTokens.map { Int32($0) }
        positions += (position..<position + newTokens.count).map { Int32($0) }
        sequences.append(Sequence(rows: rows, blocks: blocks))
        if let last = adapterRuns.last, last.adapter === adapter {
            adapterRuns[adapterRuns.count - 1].rows = last.rows.lowerBound..<rows.upperBound
        } else {
            adapterRuns.append((rows, adapter))
        }
        return rows
    }
}

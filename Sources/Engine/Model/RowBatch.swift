/// Tokens of several sequences, laid one after another without padding, for one pass through the transformer.
struct RowBatch {
    /// Adjacent rows of one sequence: the next positions of one whose earlier keys are in blocks, the last of which takes the new
    /// ones; or, without blocks, a node of a prefix tree.
    struct Sequence {
        let rows: Range<Int>
        let blocks: [KVBlock]
        /// The sequence of this batch that comes before, if it is a node below another.
        let parent: Int?
        /// The end of the rows that see these rows' keys.
        let subtreeEnd: Int
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
        append(newTokens, position: position, blocks: blocks, parent: nil, subtreeCount: newTokens.count, adapter: adapter)
    }

    /// The rows of a prefix tree, of which nothing is kept.
    init(_ tree: PrefixTree, adapter: Adapter?) {
        for node in tree.nodes {
            append(
                tree.tokens[node.rows], position: node.position, blocks: [], parent: node.parent,
                subtreeCount: node.subtreeEnd - node.rows.lowerBound, adapter: adapter)
        }
    }

    init() {}

    @discardableResult
    private mutating func append(
        _ newTokens: some Collection<Int>, position: Int, blocks: [KVBlock], parent: Int?, subtreeCount: Int,
        adapter: Adapter?
    ) -> Range<Int> {
        let rows = count..<count + newTokens.count
        tokens += newTokens.map { Int32($0) }
        positions += (position..<position + newTokens.count).map { Int32($0) }
        sequences.append(
            Sequence(rows: rows, blocks: blocks, parent: parent, subtreeEnd: rows.lowerBound + subtreeCount))
        if let last = adapterRuns.last, last.adapter === adapter {
            adapterRuns[adapterRuns.count - 1].rows = last.rows.lowerBound..<rows.upperBound
        } else {
            adapterRuns.append((rows, adapter))
        }
        return rows
    }
}

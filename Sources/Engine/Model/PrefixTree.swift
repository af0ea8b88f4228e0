/// Token sequences as a radix tree: what several begin with stands there once. A row is one token in its context; rows are laid
/// out in depth-first order, so that a node's rows are adjacent and those of all nodes below it follow.
package struct PrefixTree {
    /// A run of tokens that the same sequences share.
    package struct Node: Equatable {
        /// The node whose tokens come before.
        package var parent: Int?
        /// The position of the first token.
        package var position: Int
        package var rows: Range<Int>
        /// The end of the rows of this node and of those below.
        package var subtreeEnd: Int
    }

    /// In the order of their rows.
    package private(set) var nodes: [Node] = []
    /// The token of each row.
    package private(set) var tokens: [Int] = []
    /// The node that each sequence ends with.
    private var leaves: [Int] = []
    private let shortestRun: Int
    private var previous: [Int] = []
    /// The nodes of the previous sequence, from the root on.
    private var path: [Int] = []

    /// Runs of fewer tokens are not shared: what their keys add to the backward pass of attention, which has a pass over all rows
    /// below for each node, costs more than the rows that they would save.
    package static let shortestRun = 8

    /// The tree of sequences in lexicographic order, none of them empty.
    package init(sorted sequences: [[Int]] = [], shortestRun: Int = Self.shortestRun) {
        self.shortestRun = shortestRun
        for sequence in sequences { append(sequence) }
    }

    /// How many rows `append` would add.
    func rowsAdded(by sequence: [Int]) -> Int { sequence.count - sharedCount(sequence) }

    /// How many tokens of a sequence have a row already.
    private func sharedCount(_ sequence: [Int]) -> Int {
        let common = previous.commonPrefixCount(with: sequence)
        let inside = path.first { nodes[$0].position < common && common < nodes[$0].position + nodes[$0].rows.count }
        guard let inside, common - nodes[inside].position < shortestRun else { return common }
        return nodes[inside].position
    }

    /// Adds a sequence that does not sort before the last one.
    mutating func append(_ sequence: [Int]) {
        let shared = sharedCount(sequence)
        while let last = path.last, nodes[last].position >= shared { path.removeLast() }
        if let last = path.last { split(last, at: shared) }
        if shared < sequence.count {
            let rows = tokens.count..<tokens.count + sequence.count - shared
            nodes.append(Node(parent: path.last, position: shared, rows: rows, subtreeEnd: rows.upperBound))
            path.append(nodes.count - 1)
            tokens += sequence[shared...]
        }
        for open in path { nodes[open].subtreeEnd = tokens.count }
        leaves += path.suffix(1)
        previous = sequence
    }

    /// Ends the node `index` of the path before a position, if it goes on there: the rest becomes a node of its own, above those
    /// that were below.
    private mutating func split(_ index: Int, at position: Int) {
        let node = nodes[index]
        let row = node.rows.lowerBound + position - node.position
        guard row < node.rows.upperBound else { return }
        func moved(_ other: Int) -> Int { other < index ? other : other + 1 }
        for below in nodes.indices[(index + 1)...] { nodes[below].parent = nodes[below].parent.map(moved) }
        leaves = leaves.map(moved)
        nodes[index].rows = node.rows.lowerBound..<row
        nodes.insert(
            Node(parent: index, position: position, rows: row..<node.rows.upperBound, subtreeEnd: tokens.count),
            at: index + 1)
    }

    /// The row of each position of a sequence, given by its index.
    package func rows(of sequence: Int) -> [Int] {
        var runs: [Range<Int>] = []
        var next: Int? = leaves[sequence]
        while let index = next {
            runs.append(nodes[index].rows)
            next = nodes[index].parent
        }
        return runs.reversed().flatMap(\.self)
    }
}

extension Array where Element == Int {
    /// How many elements two arrays begin with in common.
    func commonPrefixCount(with other: [Int]) -> Int {
        let limit = Swift.min(count, other.count)
        return (0..<limit).first { self[$0] != other[$0] } ?? limit
    }
}

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

    /// The tree of sequences in lexicographic order, none of them empty.
    package init(sorted sequences: [[Int]]) {
        var previous: [Int] = []
        // The nodes of the previous sequence, from the root on.
        var path: [Int] = []
        for sequence in sequences {
            let shared = previous.commonPrefixCount(with: sequence)
            while let last = path.last, nodes[last].position >= shared {
                nodes[last].subtreeEnd = tokens.count
                path.removeLast()
            }
            if let last = path.last { path[path.count - 1] = split(last, at: shared) }
            if shared < sequence.count {
                let rows = tokens.count..<tokens.count + sequence.count - shared
                nodes.append(Node(parent: path.last, position: shared, rows: rows, subtreeEnd: rows.upperBound))
                path.append(nodes.count - 1)
                tokens += sequence[shared...]
            }
            leaves += path.suffix(1)
            previous = sequence
        }
        for open in path { nodes[open].subtreeEnd = tokens.count }
        sortNodes()
    }

    /// Ends the open node `index` before a position, if it goes on there: the rest, with the nodes below, becomes a node of its
    /// own. Returns the node that now ends there.
    private mutating func split(_ index: Int, at position: Int) -> Int {
        let node = nodes[index]
        let row = node.rows.lowerBound + position - node.position
        guard row < node.rows.upperBound else { return index }
        nodes.append(
            Node(
                parent: node.parent, position: node.position, rows: node.rows.lowerBound..<row,
                subtreeEnd: tokens.count))
        // The rest keeps its index, which the nodes below and the sequences that end there refer to.
        nodes[index] = Node(
            parent: nodes.count - 1, position: position, rows: row..<node.rows.upperBound, subtreeEnd: tokens.count)
        return nodes.count - 1
    }

    private mutating func sortNodes() {
        let order = nodes.indices.sorted { nodes[$0].rows.lowerBound < nodes[$1].rows.lowerBound }
        var places = order
        for (place, index) in order.enumerated() { places[index] = place }
        nodes = order.map { index in
            var node = nodes[index]
            node.parent = node.parent.map { places[$0] }
            return node
        }
        leaves = leaves.map { places[$0] }
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

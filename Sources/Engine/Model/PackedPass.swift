/// Sequences that are computed in one pass, as a prefix tree.
package struct PackedPass {
    /// Which of the given sequences these are, in the order of the tree's.
    package let members: [Int]
    package let tree: PrefixTree

    /// Packs sequences into passes of at most `rowLimit` rows; one that is longer gets a pass of its own. Those that begin alike
    /// come together whatever order they are given in, and rows are counted once.
    package static func pack(_ sequences: [[Int]], rowLimit: Int) -> [PackedPass] {
        let order = sequences.indices.sorted {
            // Equal sequences keep their order: sums over rows must depend on the data alone.
            sequences[$0] == sequences[$1] ? $0 < $1 : sequences[$0].lexicographicallyPrecedes(sequences[$1])
        }
        var passes: [[Int]] = []
        var rows = 0
        for index in order {
            let sequence = sequences[index]
            if let last = passes.last?.last {
                let added = sequence.count - sequences[last].commonPrefixCount(with: sequence)
                if rows + added <= rowLimit {
                    passes[passes.count - 1].append(index)
                    rows += added
                    continue
                }
            }
            passes.append([index])
            rows = sequence.count
        }
        return passes.map { members in
            PackedPass(members: members, tree: PrefixTree(sorted: members.map { sequences[$0] }))
        }
    }
}

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
        var passes: [PackedPass] = []
        var members: [Int] = []
        var tree = PrefixTree()
        for index in order {
            if !members.isEmpty, tree.tokens.count + tree.rowsAdded(by: sequences[index]) > rowLimit {
                passes.append(PackedPass(members: members, tree: tree))
                (members, tree) = ([], PrefixTree())
            }
            members.append(index)
            tree.append(sequences[index])
        }
        if !members.isEmpty { passes.append(PackedPass(members: members, tree: tree)) }
        return passes
    }
}

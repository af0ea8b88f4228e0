import Engine
import Tensors
import Testing

/// Random sequences over few tokens, so that they share prefixes of all lengths; some are equal, some begin another.
func branchingSequences(_ count: Int, seed: Int, alphabet: Int = 2, longest: Int = 12) -> [[Int]] {
    var random = SeededRandom(seed, count)
    func below(_ limit: Int) -> Int { Int(random.uniform() * Double(limit)) }
    var sequences: [[Int]] = []
    for _ in 0..<count {
        let start = sequences.isEmpty ? [] : sequences[below(sequences.count)]
        let kept = start.prefix(below(start.count + 1))
        let added = (0..<below(longest)).map { _ in below(alphabet) }
        let sequence = Array(kept) + added
        sequences.append(sequence.isEmpty ? [below(alphabet)] : sequence)
    }
    return sequences
}

@Suite("Prefix trees")
struct PrefixTreeTests {
    @Test("a tree has one row for each distinct prefix, and every sequence finds its tokens", arguments: 0..<200)
    func rows(seed: Int) {
        let sequences = branchingSequences(1 + seed % 9, seed: seed).sorted { $0.lexicographicallyPrecedes($1) }
        let tree = PrefixTree(sorted: sequences, shortestRun: 1)
        let prefixes = Set(sequences.flatMap { sequence in (1...sequence.count).map { Array(sequence[..<$0]) } })
        #expect(tree.tokens.count == prefixes.count)
        for (index, sequence) in sequences.enumerated() {
            #expect(tree.rows(of: index).map { tree.tokens[$0] } == sequence)
        }
    }

    @Test("nodes stand in depth-first order, with those below in their subtree and no others", arguments: 0..<100)
    func order(seed: Int) {
        let sequences = branchingSequences(8, seed: seed, alphabet: 3).sorted { $0.lexicographicallyPrecedes($1) }
        let tree = PrefixTree(sorted: sequences, shortestRun: 1)
        var next = 0
        for (index, node) in tree.nodes.enumerated() {
            #expect(node.rows.lowerBound == next && !node.rows.isEmpty)
            next = node.rows.upperBound
            let parent = node.parent.map { tree.nodes[$0] }
            #expect(node.position == (parent.map { $0.position + $0.rows.count } ?? 0))
            #expect((node.parent ?? -1) < index)
            let below = tree.nodes.indices.filter { other in
                var at: Int? = other
                while let place = at, place != index { at = tree.nodes[place].parent }
                return at == index
            }
            #expect(below.map { tree.nodes[$0].rows.count }.reduce(0, +) == node.subtreeEnd - node.rows.lowerBound)
            #expect(below.allSatisfy { tree.nodes[$0].rows.upperBound <= node.subtreeEnd })
        }
        #expect(next == tree.tokens.count)
    }

    @Test("runs too short to pay are computed for each sequence")
    func shortRuns() {
        let (a, b) = ([1, 2, 3], [1, 2, 4])
        let rest = Array(10..<30)
        #expect(PrefixTree(sorted: [a + rest, b + rest], shortestRun: 3).tokens == a + rest + b + rest)
        #expect(PrefixTree(sorted: [a + rest, b + rest], shortestRun: 2).tokens == a + rest + b.suffix(1) + rest)
        // A sequence that begins another is shared whole.
        #expect(PrefixTree(sorted: [a, a + rest], shortestRun: 8).tokens == a + rest)
        for seed in 0..<50 {
            let sequences = branchingSequences(10, seed: seed, longest: 30).sorted { $0.lexicographicallyPrecedes($1) }
            let tree = PrefixTree(sorted: sequences)
            #expect(sequences.indices.allSatisfy { index in tree.rows(of: index).map { tree.tokens[$0] } == sequences[index] })
        }
    }

    @Test("packing keeps every sequence once and counts rows after sharing", arguments: 0..<50)
    func packing(seed: Int) {
        let sequences = branchingSequences(30, seed: seed)
        let passes = PackedPass.pack(sequences, rowLimit: 20)
        #expect(passes.flatMap(\.members).sorted() == Array(sequences.indices))
        for pass in passes {
            #expect(pass.tree.tokens.count <= 20 || pass.members.count == 1)
            for (member, index) in pass.members.enumerated() {
                #expect(pass.tree.rows(of: member).map { pass.tree.tokens[$0] } == sequences[index])
            }
        }
        // Twelve comparisons of four completions: 2,248 rows in place of 5,472.
        let prompt = Array(repeating: 0, count: 200)
        let completions = (1...4).map { Array(repeating: $0, count: 128) }
        let comparisons = (0..<4).flatMap { first in
            (0..<4).filter { $0 != first }.map { prompt + completions[first] + completions[$0] }
        }
        let tournament = PackedPass.pack(comparisons, rowLimit: 4096)
        #expect(comparisons.reduce(0) { $0 + $1.count } == 5472)
        #expect(tournament.count == 1 && tournament[0].tree.tokens.count == 2248)
    }
}

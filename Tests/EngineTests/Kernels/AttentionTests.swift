import CKernels
import Foundation
import Tensors
import Testing

extension SerialTests {
    @Suite("Kernels: attention")
    struct AttentionTests {
        /// Rows of sequences that share prefixes: nodes in depth-first order.
        private struct Tree {
            let nodes: [(parent: Int?, count: Int)]

            var rows: [Range<Int>] {
                var next = 0
                return nodes.map { node in
                    defer { next += node.count }
                    return next..<next + node.count
                }
            }

            func path(_ node: Int) -> [Int] { (nodes[node].parent.map(path) ?? []) + [node] }

            /// For each row the rows that it sees, itself the last.
            var visible: [[Int]] {
                let rows = rows
                return nodes.indices.flatMap { node in
                    let above = path(node).dropLast().flatMap { Array(rows[$0]) }
                    return rows[node].map { above + Array(rows[node].lowerBound...$0) }
                }
            }

            var count: Int { nodes.reduce(0) { $0 + $1.count } }

            /// The end of the rows of a node and of those below.
            func end(_ node: Int) -> Int {
                nodes.indices.filter { path($0).contains(node) }.map { rows[$0].upperBound }.max() ?? 0
            }
        }

        private struct Sizes: Sendable {
            var heads = 4, kvHeads = 2, head = 6
            var rowWidth: Int { (heads + 2 * kvHeads) * head }
        }

        /// Single sequences and a tree, with runs shorter and longer than a tile of 64 keys.
        private static let forest = Tree(nodes: [
            (nil, 1), (nil, 5), (nil, 150), (nil, 70), (3, 3), (4, 40), (4, 1), (3, 90),
        ])
        private static let smallTree = Tree(nodes: [(nil, 3), (0, 4), (1, 2), (1, 5), (0, 1), (nil, 2)])

        /// Attention in float64: [q | k | v] by row gives `heads * head` numbers by row.
        private static func attend(_ qkv: [Double], _ visible: [[Int]], _ s: Sizes) -> [Double] {
            var out = [Double](repeating: 0, count: visible.count * s.heads * s.head)
            for (row, keys) in visible.enumerated() {
                for h in 0..<s.heads {
                    let kv = h / (s.heads / s.kvHeads)
                    let weights = weights(qkv, row, keys, h, s)
                    for (key, weight) in zip(keys, weights) {
                        for i in 0..<s.head {
                            out[(row * s.heads + h) * s.head + i] +=
                                weight * qkv[key * s.rowWidth + (s.heads + s.kvHeads + kv) * s.head + i]
                        }
                    }
                }
            }
            return out
        }

        private static func weights(_ qkv: [Double], _ row: Int, _ keys: [Int], _ h: Int, _ s: Sizes) -> [Double] {
            let kv = h / (s.heads / s.kvHeads)
            let exponentials = keys.map { key in
                var sum = 0.0
                for i in 0..<s.head {
                    sum += qkv[row * s.rowWidth + h * s.head + i] * qkv[key * s.rowWidth + (s.heads + kv) * s.head + i]
                }
                return exp(sum / Double(s.head).squareRoot())
            }
            let total = exponentials.reduce(0, +)
            return exponentials.map { $0 / total }
        }

        /// The gradient of `attend` in float64, given that of its output.
        private static func gradient(_ qkv: [Double], _ visible: [[Int]], _ dout: [Double], _ s: Sizes) -> [Double] {
            var result = [Double](repeating: 0, count: qkv.count)
            let scale = 1 / Double(s.head).squareRoot()
            for (row, keys) in visible.enumerated() {
                for h in 0..<s.heads {
                    let kv = h / (s.heads / s.kvHeads), d = (row * s.heads + h) * s.head
                    let q = row * s.rowWidth + h * s.head
                    let weights = weights(qkv, row, keys, h, s)
                    let dWeights = keys.map { key in
                        let v = key * s.rowWidth + (s.heads + s.kvHeads + kv) * s.head
                        return dout[d..<d + s.head].dot(qkv[v..<v + s.head])
                    }
                    let shared = weights.dot(dWeights)
                    for (key, (weight, dWeight)) in zip(keys, zip(weights, dWeights)) {
                        let k = key * s.rowWidth + (s.heads + kv) * s.head, v = k + s.kvHeads * s.head
                        let dScore = weight * (dWeight - shared) * scale
                        for i in 0..<s.head {
                            result[q + i] += dScore * qkv[k + i]
                            result[k + i] += dScore * qkv[q + i]
                            result[v + i] += weight * dout[d + i]
                        }
                    }
                }
            }
            return result
        }

        /// Calls a body with the kernel's description of a tree: keys cut into segments of at most `segment`, rows into blocks of
        /// at most `block`, the blocks in an order that repeats from the seed.
        private func withBlocks(
            _ tree: Tree, _ qkv: UnsafePointer<Float>, _ s: Sizes, segment: Int, block: Int, seed: Int,
            _ body: ([ck_attention_block]) -> Void
        ) {
            let rows = tree.rows
            var segments: [ck_kv_segment] = [], firsts: [Int] = []
            for node in tree.nodes.indices {
                firsts.append(segments.count)
                for run in tree.path(node).map({ rows[$0] }) {
                    for first in stride(from: run.lowerBound, to: run.upperBound, by: segment) {
                        segments.append(
                            ck_kv_segment(
                                base: qkv + first * s.rowWidth + s.heads * s.head, layer_stride: 0, stride: s.rowWidth,
                                v_offset: s.kvHeads * s.head, count: Int32(min(segment, run.upperBound - first))))
                    }
                }
            }
            let visible = tree.visible
            segments.withUnsafeBufferPointer { segments in
                var blocks = zip(rows, firsts).flatMap { run, first in
                    stride(from: run.lowerBound, to: run.upperBound, by: block).map { row in
                        ck_attention_block(
                            segments: segments.baseAddress! + first, first_row: Int32(row),
                            rows: Int32(min(block, run.upperBound - row)), length: Int32(visible[row].count))
                    }
                }
                var random = SeededRandom(seed)
                blocks.shuffle(using: &random)
                body(blocks)
            }
        }

        private func attention(_ blocks: UnsafeBufferPointer<ck_attention_block>, _ qkv: UnsafePointer<Float>, _ s: Sizes)
            -> ck_attention
        {
            ck_attention(
                blocks: blocks.count, heads: s.heads, kv_heads: s.kvHeads, head: s.head, layer: 0,
                block: blocks.baseAddress, q: qkv, q_stride: s.rowWidth, out: nil, lse: nil)
        }

        private func forward(
            _ pool: OpaquePointer, _ tree: Tree, _ qkv: [Float], _ s: Sizes, segment: Int = 1000, block: Int = 16,
            seed: Int = 0
        ) -> (out: [Float], lse: [Float]) {
            var out = [Float](repeating: .nan, count: tree.count * s.heads * s.head)
            var lse = [Float](repeating: .nan, count: tree.count * s.heads)
            qkv.withUnsafeBufferPointer { qkv in
                withBlocks(tree, qkv.baseAddress!, s, segment: segment, block: block, seed: seed) { blocks in
                    blocks.withUnsafeBufferPointer { blocks in
                        out.withUnsafeMutableBufferPointer { out in
                            lse.withUnsafeMutableBufferPointer { lse in
                                var args = attention(blocks, qkv.baseAddress!, s)
                                (args.out, args.lse) = (out.baseAddress, lse.baseAddress)
                                ck_attend(pool, &args)
                            }
                        }
                    }
                }
            }
            return (out, lse)
        }

        private func backward(
            _ pool: OpaquePointer, _ tree: Tree, _ qkv: [Float], _ dout: [Float], _ s: Sizes, seed: Int = 0
        ) -> [Float] {
            var (out, lse) = forward(pool, tree, qkv, s)
            // The kernel writes every gradient: what stood there before must not matter.
            var gradient = [Float](repeating: .nan, count: qkv.count)
            var keyBlocks = zip(tree.nodes.indices, tree.rows).flatMap { node, run in
                stride(from: run.lowerBound, to: run.upperBound, by: Int(ck_key_block_rows)).map { row in
                    ck_key_block(
                        first_row: Int32(row), count: Int32(min(Int(ck_key_block_rows), run.upperBound - row)),
                        end_row: Int32(tree.end(node)))
                }
            }
            var random = SeededRandom(seed)
            keyBlocks.shuffle(using: &random)
            qkv.withUnsafeBufferPointer { qkv in
                withBlocks(tree, qkv.baseAddress!, s, segment: 1000, block: 16, seed: seed) { blocks in
                    blocks.withUnsafeBufferPointer { blocks in
                        keyBlocks.withUnsafeBufferPointer { keyBlocks in
                            out.withUnsafeMutableBufferPointer { out in
                                lse.withUnsafeMutableBufferPointer { lse in
                                    dout.withUnsafeBufferPointer { dout in
                                        gradient.withUnsafeMutableBufferPointer { gradient in
                                            var args = ck_attention_gradient(
                                                forward: attention(blocks, qkv.baseAddress!, s),
                                                key_blocks: keyBlocks.count, key_block: keyBlocks.baseAddress,
                                                dout: dout.baseAddress, dqkv: gradient.baseAddress,
                                                dqkv_stride: s.rowWidth)
                                            (args.forward.out, args.forward.lse) = (out.baseAddress, lse.baseAddress)
                                            ck_attend_backward(pool, &args)
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            return gradient
        }

        /// Heads that are no multiples of a vector and those of the default model, with and without groups.
        private static let sizes = [
            Sizes(), Sizes(heads: 9, kvHeads: 3, head: 64), Sizes(heads: 2, kvHeads: 2, head: 20),
            Sizes(heads: 20, kvHeads: 1, head: 8),
        ]

        @Test("attention agrees with float64, with the same bits however keys are stored and rows are cut", arguments: sizes)
        private func forward(_ sizes: Sizes) throws {
            let tree = Self.forest
            let qkv = noise(tree.count * sizes.rowWidth, 1, scale: 2)
            let expected = Self.attend(qkv.doubles, tree.visible, sizes)
            try withEachInstructionSet {
                var first: (out: [UInt32], lse: [UInt32])?
                for (threads, segment, block) in [(1, 1000, 16), (2, 1, 1), (3, 4, 5), (8, 70, 16), (2, 64, 16)] {
                    try withPool(threads) { pool in
                        let result = forward(pool, tree, qkv, sizes, segment: segment, block: block, seed: segment)
                        #expect(distance(result.out, expected) < 3e-6)
                        let bits = (result.out.bits, result.lse.bits)
                        #expect(bits == first ?? bits)
                        first = bits
                    }
                }
            }
        }

        @Test("a sequence has the same bits alone and as a path of a tree", arguments: sizes)
        private func path(_ sizes: Sizes) throws {
            let tree = Self.forest, width = sizes.heads * sizes.head
            let qkv = noise(tree.count * sizes.rowWidth, 4, scale: 2)
            try withEachInstructionSet {
                try withPool(2) { pool in
                    let together = forward(pool, tree, qkv, sizes).out
                    for node in tree.nodes.indices {
                        let rows = tree.path(node).flatMap { Array(tree.rows[$0]) }
                        let alone = forward(
                            pool, Tree(nodes: [(nil, rows.count)]),
                            rows.flatMap { qkv[$0 * sizes.rowWidth..<($0 + 1) * sizes.rowWidth] }, sizes)
                        #expect(alone.out.bits == rows.flatMap { together[$0 * width..<($0 + 1) * width].bits })
                    }
                }
            }
        }

        @Test("the reference's gradient is that of finite differences")
        func reference() {
            let tree = Self.smallTree, sizes = Sizes()
            let qkv = noise(tree.count * sizes.rowWidth, 2).doubles
            let dout = noise(tree.count * sizes.heads * sizes.head, 3).doubles
            let expected = finiteDifferences(at: qkv) { Self.attend($0, tree.visible, sizes).dot(dout) }
            let got = Self.gradient(qkv, tree.visible, dout, sizes)
            #expect(zip(got, expected).allSatisfy { abs($0 - $1) < 1e-8 })
        }

        @Test("the backward pass over trees agrees with float64 and is the same for any number of threads", arguments: sizes)
        private func backward(_ sizes: Sizes) throws {
            for tree in [Self.smallTree, Self.forest] {
                let qkv = noise(tree.count * sizes.rowWidth, 2)
                let dout = noise(tree.count * sizes.heads * sizes.head, 3)
                let expected = Self.gradient(qkv.doubles, tree.visible, dout.doubles, sizes)
                try withEachInstructionSet {
                    var first: [UInt32]?
                    for threads in [1, 3] {
                        try withPool(threads) { pool in
                            let gradient = backward(pool, tree, qkv, dout, sizes, seed: threads)
                            #expect(distance(gradient, expected) < 4e-5)
                            #expect(gradient.bits == first ?? gradient.bits)
                            first = gradient.bits
                        }
                    }
                }
            }
        }
    }
}

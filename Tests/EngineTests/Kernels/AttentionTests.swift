import CKernels
import Foundation
import Tensors
import Testing

extension SerialTests {
    @Suite("Kernels: attention")
    struct AttentionTests {
        private typealias Tree = AttentionReference.Tree
        private typealias Sizes = AttentionReference.Sizes

        /// Single sequences and a tree, with runs shorter and longer than a tile of 64 keys.
        private static let forest = Tree(nodes: [
            (nil, 1), (nil, 5), (nil, 150), (nil, 70), (3, 3), (4, 40), (4, 1), (3, 90),
        ])
        private static let smallTree = Tree(nodes: [(nil, 3), (0, 4), (1, 2), (1, 5), (0, 1), (nil, 2)])

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
                                base: qkv + first * s.rowWidth + s.heads * s.head, layer_stride: 0,
                                head_stride: s.head, stride: s.rowWidth, v_offset: s.kvHeads * s.head,
                                count: Int32(min(segment, run.upperBound - first)), in_panels: false))
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
            let expected = AttentionReference.attend(qkv.doubles, tree.visible, sizes)
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

        /// Attention of one sequence whose keys and values the cache keeps, in pages of `page` positions.
        private func cached(_ pool: OpaquePointer, _ qkv: [Float], _ s: Sizes, page: Int) -> [Float] {
            let rows = qkv.count / s.rowWidth, padded = (page + 15) / 16 * 16
            let pageFloats = 2 * padded * s.kvHeads * s.head, pages = (rows + page - 1) / page
            var cache = [Float](repeating: .nan, count: pages * pageFloats)
            var out = [Float](repeating: .nan, count: rows * s.heads * s.head)
            cache.withUnsafeMutableBufferPointer { cache in
                let base = cache.baseAddress!
                let places = (0..<rows).map { row in
                    ck_kv_place(
                        base: base + row / page * pageFloats, layer_stride: 0, head_stride: 2 * padded * s.head,
                        v_offset: padded * s.head, position: row % page)
                }
                let segments = (0..<pages).map { index in
                    ck_kv_segment(
                        base: base + index * pageFloats, layer_stride: 0, head_stride: 2 * padded * s.head, stride: s.head,
                        v_offset: padded * s.head, count: Int32(min(page, rows - index * page)), in_panels: true)
                }
                qkv.withUnsafeBufferPointer { qkv in
                    ck_keep_kv(pool, rows, places, 0, s.kvHeads, s.head, qkv.baseAddress! + s.heads * s.head, s.rowWidth)
                    segments.withUnsafeBufferPointer { segments in
                        let blocks = stride(from: 0, to: rows, by: 7).map { row in
                            ck_attention_block(
                                segments: segments.baseAddress!, first_row: Int32(row), rows: Int32(min(7, rows - row)),
                                length: Int32(row + 1))
                        }
                        blocks.withUnsafeBufferPointer { blocks in
                            out.withUnsafeMutableBufferPointer { out in
                                var args = attention(blocks, qkv.baseAddress!, s)
                                args.out = out.baseAddress
                                ck_attend(pool, &args)
                            }
                        }
                    }
                }
            }
            return out
        }

        @Test("keys and values in the cache's pages give the bits of those beside the queries", arguments: sizes)
        private func pages(_ sizes: Sizes) throws {
            let rows = 203
            let qkv = noise(rows * sizes.rowWidth, 7, scale: 2)
            try withEachInstructionSet {
                try withPool(2) { pool in
                    let expected = forward(pool, Tree(nodes: [(nil, rows)]), qkv, sizes).out.bits
                    for page in [1, 5, 16, 32, 48, 64, 256] {
                        #expect(cached(pool, qkv, sizes, page: page).bits == expected, "pages of \(page)")
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
            let expected = finiteDifferences(at: qkv) { AttentionReference.attend($0, tree.visible, sizes).dot(dout) }
            let got = AttentionReference.gradient(qkv, tree.visible, dout, sizes)
            #expect(zip(got, expected).allSatisfy { abs($0 - $1) < 1e-8 })
        }

        @Test("the backward pass over trees agrees with float64 and is the same for any number of threads", arguments: sizes)
        private func backward(_ sizes: Sizes) throws {
            for tree in [Self.smallTree, Self.forest] {
                let qkv = noise(tree.count * sizes.rowWidth, 2)
                let dout = noise(tree.count * sizes.heads * sizes.head, 3)
                let expected = AttentionReference.gradient(qkv.doubles, tree.visible, dout.doubles, sizes)
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

import CKernels
import Tensors
import Testing

extension SerialTests {
    @Suite("Kernels: threads")
    struct PoolTests {
        /// Counts each chunk; chunks of one call are different places, so no two threads write the same one.
        private static let count: ck_task = { context, chunk in
            context?.assumingMemoryBound(to: Int32.self)[chunk] += 1
        }

        /// The same after some work, so that every thread gets chunks and comes late to some.
        private static let countSlowly: ck_task = { context, chunk in
            guard let counts = context?.assumingMemoryBound(to: Int32.self) else { return }
            var work = SeededRandom(chunk)
            for _ in 0..<100 * (chunk + 1) { _ = work.next() }
            counts[chunk] += 1 + Int32(truncatingIfNeeded: work.next() & 0)
        }

        @Test("each chunk is done exactly once, and the call returns when all are done", arguments: 1...8)
        func everyChunkOnce(threads: Int) throws {
            try withPool(threads) { pool in
                #expect(ck_pool_threads(pool) == threads)
                for chunks in [0, 1, 2, 7, 64, 1001] {
                    var counts = [Int32](repeating: 0, count: chunks)
                    for call in 1...20 {
                        ck_parallel(pool, chunks, Self.count, &counts)
                        #expect(counts.allSatisfy { $0 == call })
                    }
                }
            }
        }

        @Test("200,000 calls of a few chunks lose none")
        func stress() throws {
            for (threads, work) in [(2, Self.count), (2, Self.countSlowly), (5, Self.count), (3, Self.countSlowly)] {
                try withPool(threads) { pool in
                    var counts = [Int32](repeating: 0, count: 5)
                    for call in 0..<50_000 { ck_parallel(pool, 2 + call % 4, work, &counts) }
                    #expect(counts == [50_000, 50_000, 37_500, 25_000, 12_500])
                }
            }
        }

        @Test("pools of different sizes live beside and inside each other")
        func nested() throws {
            try withPool(3) { outer in
                var totals = [Int32](repeating: 0, count: 12)
                ck_parallel(
                    outer, totals.count,
                    { context, chunk in
                        guard let totals = context?.assumingMemoryBound(to: Int32.self),
                            let inner = ck_pool_create(Int32(1 + chunk % 4))
                        else { return }
                        var counts = [Int32](repeating: 0, count: 50)
                        for _ in 0..<20 { ck_parallel(inner, counts.count, PoolTests.count, &counts) }
                        ck_pool_destroy(inner)
                        totals[chunk] = counts.reduce(0, +)
                    }, &totals)
                #expect(totals.allSatisfy { $0 == 1000 })
            }
        }

        @Test("each instruction set of this machine can be chosen, and the best one again")
        func instructionSet() {
            let best = String(cString: ck_instruction_set())
            #expect(best != "avx512bf16-emulated")
            for name in ["portable", "avx512bf16-emulated", best] {
                #expect(ck_use_instruction_set(name))
                #expect(String(cString: ck_instruction_set()) == name)
            }
            #expect(!ck_use_instruction_set("abacus"))
            #expect(ck_use_instruction_set(nil))
            #expect(String(cString: ck_instruction_set()) == best)
        }
    }
}

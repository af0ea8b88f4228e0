import CKernels
import Foundation
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

        /// Chunks done by each thread of a call's pool, found by the thread's id.
        private final class Shares: @unchecked Sendable {
            let lock = NSLock()
            var byThread: [UInt: Int] = [:]

            static let task: ck_task = { context, _ in
                guard let context else { return }
                var work = SeededRandom(1)
                for _ in 0..<20_000 { _ = work.next() }
                let shares = Unmanaged<Shares>.fromOpaque(context).takeUnretainedValue()
                shares.lock.withLock { shares.byThread[UInt(pthread_self()), default: 0] += 1 + Int(work.next() & 0) }
            }
        }

        @Test("every thread takes part, also after a rest", arguments: [2, 4])
        func everyThread(threads: Int) throws {
            try withPool(threads) { pool in
                for _ in 0..<3 {
                    let shares = Shares()
                    // A busy machine may keep a thread waiting for some time, but not for good.
                    for _ in 0..<2000 where shares.byThread.count < threads {
                        ck_parallel(pool, 64, Shares.task, Unmanaged.passUnretained(shares).toOpaque())
                    }
                    #expect(shares.byThread.count == threads)
                    #expect(shares.byThread.values.reduce(0, +) % 64 == 0)
                    Thread.sleep(forTimeInterval: 0.02)
                }
            }
        }

        @Test("bursts after rests of any length lose no call")
        func bursts() throws {
            try withPool(3) { pool in
                var counts = [Int32](repeating: 0, count: 9), expected = counts
                var random = SeededRandom(3)
                for rest in 0..<400 {
                    // From shorter to longer than a thread waits before it goes to sleep.
                    usleep(UInt32(rest))
                    for _ in 0..<1 + Int(random.next() % 4) {
                        let chunks = Int(random.next() % 10)
                        ck_parallel(pool, chunks, Self.count, &counts)
                        for chunk in 0..<chunks { expected[chunk] += 1 }
                        #expect(counts == expected)
                    }
                }
            }
        }

        @Test("pools that are made and destroyed by the hundred, used or not, end")
        func shortLives() throws {
            for index in 0..<300 {
                try withPool(1 + index % 5) { pool in
                    var counts = [Int32](repeating: 0, count: 7)
                    for _ in 0..<index % 3 { ck_parallel(pool, 7, Self.count, &counts) }
                    #expect(counts.allSatisfy { $0 == index % 3 })
                }
            }
        }

        @Test("several pools at once, each called from its own thread, do not mix")
        func sideBySide() throws {
            try withPool(4) { outer in
                var wrong = [Int32](repeating: 1, count: 4)
                ck_parallel(
                    outer, 4,
                    { context, caller in
                        guard let inner = ck_pool_create(2) else { return }
                        var counts = [Int32](repeating: 0, count: 16)
                        for call in 0..<3000 { ck_parallel(inner, 1 + (call + caller) % 16, PoolTests.count, &counts) }
                        ck_pool_destroy(inner)
                        let expected = (0..<16).map { chunk in (0..<3000).count { ($0 + caller) % 16 >= chunk } }
                        context?.assumingMemoryBound(to: Int32.self)[caller] = counts.map(Int.init) == expected ? 0 : 1
                    }, &wrong)
                #expect(wrong == [0, 0, 0, 0])
            }
        }

        /// The processor time that a thread has had so far, in seconds.
        private func processorTime(_ thread: UInt) -> Double {
            var clock = clockid_t(), time = timespec()
            guard pthread_getcpuclockid(pthread_t(thread), &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
            return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
        }

        @Test("threads that have nothing to do take no processor time")
        func idle() throws {
            try withPool(3) { pool in
                let shares = Shares(), caller = UInt(pthread_self())
                for _ in 0..<2000 where shares.byThread.count < 3 {
                    ck_parallel(pool, 64, Shares.task, Unmanaged.passUnretained(shares).toOpaque())
                }
                let workers = shares.byThread.keys.filter { $0 != caller }
                #expect(workers.count == 2)
                Thread.sleep(forTimeInterval: 0.02)
                let before = workers.map(processorTime)
                Thread.sleep(forTimeInterval: 0.1)
                for (worker, time) in zip(workers, before) { #expect(processorTime(worker) - time < 0.01) }
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

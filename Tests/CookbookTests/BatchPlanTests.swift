import Cookbook
import Tensors
import Testing

@Suite struct BatchPlanTests {
    @Test("Every row stands in exactly one batch of an epoch")
    func covers() throws {
        let plan = try BatchPlan(rows: 10, batchSize: 4, seed: 3)
        let batches = (0..<plan.batchesPerEpoch).map { plan.batch($0, epoch: 1) }
        #expect(batches.map(\.count) == [4, 4, 2])
        #expect(batches.flatMap(\.self).sorted() == Array(0..<10))
        #expect(batches.flatMap(\.self) == plan.order(epoch: 1))
    }

    @Test("The order repeats for a seed and epoch, and differs between epochs and seeds")
    func orders() throws {
        let plan = try BatchPlan(rows: 50, batchSize: 8, seed: 3)
        #expect(try plan.order(epoch: 2) == BatchPlan(rows: 50, batchSize: 5, seed: 3).order(epoch: 2))
        #expect(plan.order(epoch: 0) != plan.order(epoch: 1))
        #expect(try plan.order(epoch: 0) != BatchPlan(rows: 50, batchSize: 8, seed: 4).order(epoch: 0))
        #expect(try BatchPlan(rows: 3, batchSize: 2, seed: nil).order(epoch: 4) == [0, 1, 2])
    }

    @Test("Rows that do not fill a batch are kept or dropped, and never without a word")
    func lastBatch() throws {
        let keep = try BatchPlan(rows: 10, batchSize: 4, seed: 0)
        #expect(keep.note == "the last batch of each epoch has 2 rows, not 4")
        let drop = try BatchPlan(rows: 10, batchSize: 4, seed: 0, lastBatch: .drop)
        #expect(drop.batchesPerEpoch == 2)
        #expect(drop.note == "2 of 10 rows are left out of each epoch because they do not fill a batch of 4")
        #expect(try BatchPlan(rows: 8, batchSize: 4, seed: 0).note == nil)
    }

    @Test("Plans without a batch are refused")
    func refused() throws {
        #expect(throws: CookbookError.batchLargerThanData(batchSize: 4, rows: 3, what: "train")) {
            try BatchPlan(rows: 3, batchSize: 4, seed: 0, lastBatch: .drop, what: "train")
        }
        #expect(try BatchPlan(rows: 3, batchSize: 4, seed: 0).batchesPerEpoch == 1)
        #expect(throws: CookbookError.self) { try BatchPlan(rows: 0, batchSize: 4, seed: 0) }
        #expect(throws: CookbookError.self) { try BatchPlan(rows: 3, batchSize: 0, seed: 0) }
    }

    @Test("All permutations of three are as frequent")
    func uniform() {
        var counts: [[Int]: Int] = [:]
        for seed in 0..<6000 { counts[SeededRandom(seed).permutation(3), default: 0] += 1 }
        #expect(counts.count == 6 && counts.values.allSatisfy { (880...1120).contains($0) })
        #expect(SeededRandom(1).permutation(0).isEmpty && SeededRandom(1).permutation(1) == [0])
    }
}

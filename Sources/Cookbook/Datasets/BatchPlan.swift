public import Tensors

/// What becomes of the rows at the end of an epoch that do not fill a batch.
public enum LastBatch: String, Sendable, CaseIterable {
    /// They make a smaller batch.
    case keep
    /// They are left out of this epoch; another epoch's order leaves out others.
    case drop
}

/// Which rows make which batch. The order of an epoch depends on the seed and the epoch alone, so a resumed run goes on with the
/// same batches.
public struct BatchPlan: Sendable, Equatable {
    /// The number of rows.
    public let rows: Int
    /// The rows of a full batch.
    public let batchSize: Int
    /// Decides the order of every epoch; nil keeps the rows in their order.
    public let seed: Int?
    /// What becomes of rows that do not fill a batch.
    public let lastBatch: LastBatch

    /// A plan for a number of rows, which `what` names in errors. Throws `emptyDataset` without rows, `usage` for a batch size below
    /// 1, and `batchLargerThanData` when there would be no batch at all.
    public init(
        rows: Int, batchSize: Int, seed: Int?, lastBatch: LastBatch = .keep, what: String = "the data set"
    ) throws(CookbookError) {
        guard rows > 0 else { throw .emptyDataset("\(what) has no rows") }
        guard batchSize > 0 else { throw .usage("batch_size must be at least 1, but is \(batchSize)") }
        guard lastBatch == .keep || batchSize <= rows else {
            throw .batchLargerThanData(batchSize: batchSize, rows: rows, what: what)
        }
        self.rows = rows
        self.batchSize = batchSize
        self.seed = seed
        self.lastBatch = lastBatch
    }

    /// The number of batches of one epoch.
    public var batchesPerEpoch: Int {
        lastBatch == .keep ? (rows + batchSize - 1) / batchSize : rows / batchSize
    }

    /// The positions of all rows in an epoch's order.
    public func order(epoch: Int) -> [Int] {
        guard let seed else { return Array(0..<rows) }
        return SeededRandom(seed, epoch).permutation(rows)
    }

    /// The positions of one batch's rows. Batches count from 0 to `batchesPerEpoch` - 1.
    public func batch(_ index: Int, epoch: Int) -> [Int] {
        precondition((0..<batchesPerEpoch).contains(index), "batch \(index) of \(batchesPerEpoch)")
        return Array(order(epoch: epoch).dropFirst(index * batchSize).prefix(batchSize))
    }

    /// What to tell a user about rows that do not fill a batch; nil if all batches are full.
    public var note: String? {
        let rest = rows % batchSize
        guard rest != 0 else { return nil }
        let which = "\(rest) of \(rows) rows"
        return switch lastBatch {
        case .keep: "the last batch of each epoch has \(rest) rows, not \(batchSize)"
        case .drop: "\(which) are left out of each epoch because they do not fill a batch of \(batchSize)"
        }
    }
}

extension SeededRandom {
    /// The numbers below `count` in random order (Fisher and Yates). The generator itself stays where it is.
    public func permutation(_ count: Int) -> [Int] {
        var random = self
        var order = Array(0..<count)
        for i in stride(from: count - 1, to: 0, by: -1) {
            // The bias of a 53-bit fraction is far below what any number of rows can show.
            order.swapAt(i, Int(random.uniform() * Double(i + 1)))
        }
        return order
    }
}

extension LabeledComparison {
    /// This comparison or its mirror image, with equal chances that depend on the seed, the epoch and the row alone: never on what
    /// was drawn before, so that a resumed run and every evaluation see the same orders.
    public func inRandomOrder(seed: Int, epoch: Int, row: Int) -> LabeledComparison {
        // The last part keeps these draws apart from the epoch's permutation.
        var random = SeededRandom(seed, epoch, row, 1)
        return random.uniform() < 0.5 ? self : swapped
    }
}

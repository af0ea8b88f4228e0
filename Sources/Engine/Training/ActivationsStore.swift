import TrainingAPI

/// Memory for passes, within a budget: what was given back serves the next pass of its kind.
struct ActivationsStore {
    /// Rows of a pass, unless the budget is smaller. Measured 5 % faster than half as many, and prefixes are cut less often. Where
    /// passes end decides the order of sums over rows, so this does not depend on the machine unless its memory is too small.
    static let rowsPerPass = 1024

    private let shape: TransformerShape
    private let budget: MemoryBudget
    private var idle: [Activations] = []
    private var bytesInUse = 0

    init(shape: TransformerShape, budget: MemoryBudget) {
        self.shape = shape
        self.budget = budget
    }

    /// The longest pass that the budget has room for.
    private func rowLimit(paddedRank: Int, kept: Activations.Kept) -> Int {
        let forward = Activations.bytesPerRow(shape, paddedRank: paddedRank, kept: kept)
        let backward = kept == .nothing ? 0 : BackwardScratch.bytesPerRow(shape, paddedRank: paddedRank)
        return budget.activationBytes / (forward + backward)
    }

    /// Packs the data of a call into passes. Throws `memoryExceeded` if one of them is too long for the budget.
    func pack(_ data: [Datum], paddedRank: Int, goesBackward: Bool) throws(TrainingError) -> [PackedPass] {
        let limit = rowLimit(paddedRank: paddedRank, kept: goesBackward ? .inputs : .nothing)
        for (index, datum) in data.enumerated() where datum.modelInput.length > limit {
            throw .memoryExceeded(tokens: datum.modelInput.length, limit: limit, datum: index)
        }
        let roomy = rowLimit(paddedRank: paddedRank, kept: goesBackward ? .everything : .nothing)
        return PackedPass.pack(data.map(\.modelInput.tokens), rowLimit: min(Self.rowsPerPass, roomy))
    }

    /// What a pass that goes backward keeps: everything, unless it is one sequence that is too long for that.
    func kept(rows: Int, paddedRank: Int) -> Activations.Kept {
        rows <= rowLimit(paddedRank: paddedRank, kept: .everything) ? .everything : .inputs
    }

    /// Whether the budget has room for so many more passes that are kept.
    func hasRoom(forPasses passes: Int, rows: Int, paddedRank: Int) -> Bool {
        let kept = kept(rows: rows, paddedRank: paddedRank)
        let perRow = Activations.bytesPerRow(shape, paddedRank: paddedRank, kept: kept)
        return bytesInUse + passes * perRow * capacity(rows: rows, paddedRank: paddedRank, kept: kept) <= budget.activationBytes
    }

    private func capacity(rows: Int, paddedRank: Int, kept: Activations.Kept) -> Int {
        max(rows, min(Self.rowsPerPass, rowLimit(paddedRank: paddedRank, kept: kept)))
    }

    mutating func take(rows: Int, paddedRank: Int, kept: Activations.Kept) -> Activations {
        let taken: Activations
        if let index = idle.firstIndex(where: { $0.fits(rows: rows, paddedRank: paddedRank, kept: kept) }) {
            taken = idle.remove(at: index)
        } else {
            let capacity = capacity(rows: rows, paddedRank: paddedRank, kept: kept)
            let wanted = capacity * Activations.bytesPerRow(shape, paddedRank: paddedRank, kept: kept)
            while !idle.isEmpty, bytesInUse + idle.reduce(wanted, { $0 + $1.bytes }) > budget.activationBytes { idle.removeFirst() }
            taken = Activations(shape: shape, capacity: capacity, paddedRank: paddedRank, kept: kept)
        }
        bytesInUse += taken.bytes
        return taken
    }

    mutating func giveBack(_ activations: Activations) {
        bytesInUse -= activations.bytes
        idle.append(activations)
    }
}

import TrainingAPI

extension [LabeledComparison] {
    /// The positions of the rows that a runner can use: with a winner, unless `usesTies`, and of at most `maxLength` tokens as
    /// `length` counts them. A note tells how many are left out. Throws `emptyDataset` when no row is left, and an error of
    /// `length` with the row's number.
    func usable(
        what: String, maxLength: Int, usesTies: Bool = false, progress: any ProgressSink,
        length: (LabeledComparison) throws -> Int
    ) throws -> [Int] {
        var (kept, ties, long) = ([Int](), 0, 0)
        for (index, row) in enumerated() {
            if row.label == .tie, !usesTies {
                ties += 1
                continue
            }
            do {
                if try length(row) > maxLength { long += 1 } else { kept.append(index) }
            } catch CookbookError.rendering(let message, let renderer, let hint) {
                throw CookbookError.rendering("row \(index + 1) of \(what): \(message)", renderer: renderer, hint: hint)
            } catch CookbookError.data(let message, _, _, let hint) {
                throw CookbookError.data("row \(index + 1) of \(what): \(message)", hint: hint)
            }
        }
        if ties > 0 { progress.note("\(what): \(ties) ties are left out") }
        if long > 0 { progress.note("\(what): \(long) rows over \(maxLength) tokens are left out") }
        guard !kept.isEmpty else {
            throw CookbookError.emptyDataset(
                "no row of \(what) can be used: \(ties) ties, \(long) over \(maxLength) tokens")
        }
        return kept
    }
}

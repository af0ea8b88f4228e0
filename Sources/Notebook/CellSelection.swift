/// Which code cells of a script are meant: `3`, `1,3-5`, `2-`, `-4`, `all`.
public struct CellSelection: Sendable, Equatable {
    /// The numbers, counted from 1, as ranges in the order they were written; an open end is `Int.max`.
    public let ranges: [ClosedRange<Int>]

    /// Throws `NotebookError.cellSelection` for text that says nothing.
    public init(_ text: String) throws {
        if text == "all" {
            ranges = [1...Int.max]
            return
        }
        ranges = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            let part = part.filter { !$0.isWhitespace }
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            func number(_ text: Substring, otherwise: Int?) -> Int? {
                text.isEmpty ? otherwise : Int(text).flatMap { $0 > 0 && !text.hasPrefix("+") ? $0 : nil }
            }
            let isRange = ends.count == 2 && part != "-"
            guard let first = ends.first.flatMap({ number($0, otherwise: isRange ? 1 : nil) }),
                let last = isRange ? number(ends[1], otherwise: Int.max) : first, first <= last
            else { throw NotebookError.cellSelection(text) }
            return first...last
        }
    }

    /// The chosen numbers of a script with `count` code cells, ascending; throws when one does not exist.
    public func numbers(count: Int) throws -> [Int] {
        var chosen: Set<Int> = []
        for range in ranges {
            guard range.lowerBound <= count, range.upperBound <= count || range.upperBound == Int.max else {
                throw NotebookError.noSuchCell(
                    number: range.lowerBound > count ? range.lowerBound : range.upperBound, count: count)
            }
            chosen.formUnion(range.lowerBound...min(count, range.upperBound))
        }
        return chosen.sorted()
    }
}

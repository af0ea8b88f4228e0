/// Logprobs that are wanted of the rows of a pass. Those of one row, which sequences may share, are joined, so that its logits
/// are computed once.
struct RowQueries {
    /// Where the values of some targets will stand.
    struct Place {
        let query: Int
        let targets: Range<Int>
    }

    /// One query for each row.
    private(set) var queries: [VocabularyHead.Query] = []
    private var queryOfRow: [Int: Int] = [:]

    mutating func add(row: Int, targets: some Collection<Int32>) -> Place {
        let query = queryOfRow[row] ?? queries.count
        if query == queries.count {
            queryOfRow[row] = query
            queries.append(VocabularyHead.Query(row: row, targets: []))
        }
        let first = queries[query].targets.count
        queries[query].targets += targets
        return Place(query: query, targets: first..<first + targets.count)
    }
}

/// What an unknown name may have meant.
public enum NearMatches {
    /// The known names within a third of the word's length in edits, or that share its beginning; nearest first.
    public static func of(_ name: String, among known: [String]) -> [String] {
        let word = Array(name.lowercased())
        let limit = max(1, word.count / 3)
        let scored = known.enumerated().compactMap { index, candidate -> (distance: Int, index: Int, name: String)? in
            let other = Array(candidate.lowercased())
            let distance = editDistance(word, other)
            let sharesStart = word.count >= 3 && (other.starts(with: word) || word.starts(with: other))
            return distance <= limit || sharesStart ? (distance, index, candidate) : nil
        }
        return scored.sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }.prefix(4).map(\.name)
    }

    /// `did you mean 'x'?` if something is near, else the list of what is known.
    public static func hint(for name: String, among known: [String]) -> String? {
        let near = of(name, among: known)
        if !near.isEmpty { return "did you mean " + near.map { "'\($0)'" }.joined(separator: " or ") + "?" }
        return known.isEmpty ? nil : "known: " + known.joined(separator: ", ")
    }

    /// The number of insertions, deletions, substitutions and swaps of neighbours between two words.
    private static func editDistance(_ a: [Character], _ b: [Character]) -> Int {
        var rows = [Array(0...b.count)]
        for i in 1..<(a.count + 1) {
            var row = [i] + Array(repeating: 0, count: b.count)
            for j in 1..<(b.count + 1) {
                let substitution = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                row[j] = min(rows[i - 1][j] + 1, row[j - 1] + 1, substitution)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], rows[i - 2][j - 2] + 1)
                }
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}

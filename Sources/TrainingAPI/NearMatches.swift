/// Suggestions for misspelt names.
public enum NearMatches {
    /// Known names that are close to a misspelt one, the closest first.
    public static func of(_ name: String, among known: some Sequence<String>, limit: Int = 3) -> [String] {
        let tolerance = max(1, name.count / 3)
        let wanted = name.lowercased()
        let scored = known.compactMap { candidate -> (name: String, score: Int)? in
            let other = candidate.lowercased()
            let distance = distance(wanted, other)
            if distance <= tolerance { return (candidate, distance) }
            let isPart = wanted.count >= 3 && (other.contains(wanted) || (other.count >= 3 && wanted.contains(other)))
            return isPart ? (candidate, tolerance + 1) : nil
        }
        let best = scored.map(\.score).min() ?? 0
        return scored.filter { $0.score <= 2 * best }.sorted { ($0.score, $0.name) < ($1.score, $1.name) }
            .prefix(limit).map(\.name)
    }

    /// `did you mean 'rank'?`, or what names there are, or nil.
    public static func hint(_ name: String, among known: some Collection<String>, what: String) -> String? {
        let near = of(name, among: known)
        if !near.isEmpty { return "did you mean " + near.map { "'\($0)'" }.joined(separator: " or ") + "?" }
        if known.isEmpty { return nil }
        let shown = known.sorted().prefix(30).joined(separator: ", ")
        return "\(what): \(shown)\(known.count > 30 ? ", ..." : "")"
    }

    /// The least number of insertions, deletions, replacements and swaps of neighbours (restricted
    /// Damerau-Levenshtein).
    private static func distance(_ first: String, _ second: String) -> Int {
        let a = Array(first.unicodeScalars), b = Array(second.unicodeScalars)
        var beforeLast = [Int](), last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}

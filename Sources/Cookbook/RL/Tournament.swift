import Tensors

/// Which replies of a group are compared.
public enum TournamentPattern: String, Sendable, CaseIterable, Codable {
    /// Each pair in both orders, so that a judge's position bias cancels exactly.
    case allPairsBothWays = "all_pairs_both_ways"
    /// Each pair once, the earlier reply first.
    case allPairsOneWay = "all_pairs_one_way"

    /// The ordered pairs of a group of this size.
    public func pairs(count: Int) -> [(first: Int, second: Int)] {
        (0..<count).flatMap { first in
            (0..<count).filter { self == .allPairsBothWays ? $0 != first : $0 > first }.map { (first, $0) }
        }
    }
}

/// A round robin in a group: each value in [-1, 1], positive when the second of the pair is better, adds to one and
/// takes from the other; a reply's result is its sum over its number of matches (section 5.2).
public enum Tournament {
    /// Wins minus losses over matches, for each of `count` replies; 0 for one without a match.
    public static func results(count: Int, pairs: [(first: Int, second: Int)], values: [Double]) -> [Double] {
        var sums = Array(repeating: 0.0, count: count)
        var matches = Array(repeating: 0.0, count: count)
        for (pair, value) in zip(pairs, values) {
            sums[pair.second] += value
            sums[pair.first] -= value
            matches[pair.first] += 1
            matches[pair.second] += 1
        }
        return zip(sums, matches).map { $1 == 0 ? 0 : $0 / $1 }
    }

    /// The replies in groups that play among themselves: as equal as they can be, so that nobody is left without a
    /// match.
    public static func chunks(count: Int, size: Int) -> [Range<Int>] {
        let number = max(1, (count + size - 1) / size)
        return (0..<number).map { ($0 * count / number)..<(($0 + 1) * count / number) }
    }
}

/// Finds literal tokens in text: longer literals win over shorter ones wherever they overlap, then the leftmost wins.
struct LiteralSplitter: Sendable {
    /// A literal found at a place in the text.
    struct Match {
        let range: Range<Int>
        let token: Int32
    }

    private let byFirstByte: [[(bytes: [UInt8], token: Int32)]]

    init(_ literals: [(bytes: [UInt8], token: Int32)]) {
        var table = [[(bytes: [UInt8], token: Int32)]](repeating: [], count: 256)
        for literal in literals {
            guard let first = literal.bytes.first else { continue }
            table[Int(first)].append(literal)
        }
        byFirstByte = table
    }

    /// The literals in the text, in order, none overlapping another.
    func matches(in text: UnsafeBufferPointer<UInt8>) -> [Match] {
        var found: [Match] = []
        for start in 0..<text.count {
            for (bytes, token) in unsafe byFirstByte[Int(text[start])] where bytes.count <= text.count - start {
                if unsafe text[start..<start + bytes.count].elementsEqual(bytes) {
                    found.append(Match(range: start..<start + bytes.count, token: token))
                }
            }
        }
        guard found.count > 1 else { return found }
        found.sort {
            ($1.range.count, $0.range.lowerBound) < ($0.range.count, $1.range.lowerBound)
        }
        var taken = [Bool](repeating: false, count: text.count)
        let kept = found.filter { match in
            // Those kept before are at least as long, so an overlap always covers one of this match's ends.
            guard !taken[match.range.lowerBound], !taken[match.range.upperBound - 1] else { return false }
            for index in match.range { taken[index] = true }
            return true
        }
        return kept.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }
}

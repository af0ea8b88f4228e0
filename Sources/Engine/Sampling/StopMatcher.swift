import Tokenizers
import TrainingAPI

/// Notices when sampled tokens have reached a stop.
struct StopMatcher {
    private let tokens: Set<Int>
    private let strings: [[UInt8]]
    private let longest: Int
    /// The last bytes of the text so far, enough to hold every stop string but its last byte.
    private var tail: [UInt8] = []

    init(_ condition: StopCondition) {
        switch condition {
        case .none: (tokens, strings) = ([], [])
        case .tokens(let ids): (tokens, strings) = (Set(ids), [])
        case .strings(let texts): (tokens, strings) = ([], texts.map { Array($0.utf8) }.filter { !$0.isEmpty })
        }
        longest = strings.map(\.count).max() ?? 0
    }

    /// Takes the next token; returns whether it completes a stop.
    mutating func accept(_ token: Int, _ tokenizer: any Tokenizer) -> Bool {
        if tokens.contains(token) { return true }
        guard longest > 0 else { return false }
        tail += tokenizer.decodeBytes([token])
        defer { tail.removeFirst(max(0, tail.count - (longest - 1))) }
        return strings.contains { tail.contains($0) }
    }
}

package import Tokenizers
package import TrainingAPI

/// Notices when sampled tokens have reached a stop. Stop strings are found byte by byte, so they may begin and end inside of tokens
/// and characters; every byte is looked at once (Aho and Corasick, "Efficient string matching", 1975).
package struct StopMatcher: Sendable {
    private let tokens: Set<Int>
    private let automaton: StopAutomaton?
    private var state = StopAutomaton.start

    /// A matcher that has seen nothing yet. Empty strings stop nothing.
    package init(_ condition: StopCondition) {
        switch condition {
        case .none: (tokens, automaton) = ([], nil)
        case .tokens(let ids): (tokens, automaton) = (Set(ids), nil)
        case .strings(let texts): (tokens, automaton) = ([], StopAutomaton(texts.map { Array($0.utf8) }))
        }
    }

    /// Takes the next token; returns whether it completes a stop.
    package mutating func accept(_ token: Int, _ tokenizer: any Tokenizer) -> Bool {
        if tokens.contains(token) { return true }
        guard let automaton else { return false }
        for byte in tokenizer.decodeBytes([token]) {
            state = automaton.next(state, byte)
            if automaton.isMatch(state) { return true }
        }
        return false
    }
}

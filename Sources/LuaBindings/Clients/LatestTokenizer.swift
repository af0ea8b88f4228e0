import Synchronization
import Tokenizers

/// The tokenizer of the client made last: what a datum that a script builds by hand is most likely written in.
final class LatestTokenizer: Sendable {
    private let stored = Mutex<(any Tokenizer)?>(nil)

    var tokenizer: (any Tokenizer)? {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue is MissingTokenizer ? nil : newValue } }
    }
}

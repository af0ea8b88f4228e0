/// What makes a vocabulary unusable.
public enum TokenizerError: Error, Sendable, Equatable {
    /// The pre-tokenizer's name is none of those this program knows.
    case unknownPreTokenizer(String)
    /// The vocabulary and the list of token kinds differ in length.
    case kindCount(tokens: Int, kinds: Int)
    /// A merge (by its position) is not two known tokens, separated by one space, whose union is a known token.
    case badMerge(index: Int, text: String)
    /// An id that the file names, for instance the end-of-text token, lies outside the vocabulary.
    case idOutOfRange(name: String, id: Int, vocabularySize: Int)
    /// The pattern library refused a pattern; says what and why.
    case pattern(String)
}

extension TokenizerError: CustomStringConvertible {
    /// One sentence saying what is wrong and what would be right.
    public var description: String {
        switch self {
        case .unknownPreTokenizer(let name):
            "unknown pre-tokenizer '\(name)'; known are "
                + PreTokenizer.allCases.map(\.rawValue).joined(separator: ", ")
        case .kindCount(let tokens, let kinds):
            "\(tokens) tokens but \(kinds) token kinds; there must be one kind for each token"
        case .badMerge(let index, let text):
            "merge \(index), '\(text)', is not two tokens of the vocabulary whose union is a token too"
        case .idOutOfRange(let name, let id, let size):
            "the \(name) token has id \(id), outside the vocabulary of \(size)"
        case .pattern(let reason): "the pattern library failed: \(reason)"
        }
    }
}

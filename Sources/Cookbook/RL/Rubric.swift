/// Rules that a good reply keeps, whatever a judge thinks of it (section 5 of the data's description).
public struct Rubric: Sendable, Equatable {
    /// The most tokens, the stop not counted.
    public var maxTokens: Int
    /// The least number of words: fewer are curt.
    public var minWords: Int
    /// Runs of words that mark filler: every run of four words of the phrases.
    private let filler: Set<[String]>
    private static let runLength = 4

    /// A rubric whose replies may share no four words in a row with a phrase.
    public init(phrases: [String], maxTokens: Int = 30, minWords: Int = 4) {
        self.maxTokens = maxTokens
        self.minWords = minWords
        filler = Set(phrases.flatMap { Self.runs(Self.words($0), length: Self.runLength) })
    }

    /// Which rules a reply keeps.
    public struct Check: Sendable, Equatable {
        /// At most `maxTokens` long.
        public var isShort: Bool
        /// At least `minWords` long.
        public var isNotCurt: Bool
        /// Ended by itself.
        public var endedByStop: Bool
        /// Shares no run of words with a filler phrase.
        public var isPlain: Bool
        /// Contains a key word.
        public var hasKeyword: Bool
        /// Whether it keeps them all.
        public var passes: Bool { isShort && isNotCurt && endedByStop && isPlain && hasKeyword }
    }

    /// Holds a reply against the rules; without keywords every reply has one.
    public func check(_ reply: ReplySampler.Reply, keywords: [String]) -> Check {
        let words = Self.words(reply.text)
        return Check(
            isShort: reply.tokens - (reply.endedByStop ? 1 : 0) <= maxTokens, isNotCurt: words.count >= minWords,
            endedByStop: reply.endedByStop, isPlain: !filler.contains { Self.contains($0, in: words) },
            hasKeyword: keywords.isEmpty || keywords.contains { Self.contains(Self.words($0), in: words) })
    }

    /// Runs of letters and digits in lower case, with apostrophes and points inside of them.
    static func words(_ text: String) -> [String] {
        let characters = Array(text.lowercased())
        func isInner(_ index: Int) -> Bool {
            "'’.".contains(characters[index]) && index > 0 && index + 1 < characters.count
                && isPlain(characters[index - 1]) && isPlain(characters[index + 1])
        }
        func isPlain(_ character: Character) -> Bool { character.isLetter || character.isNumber }
        var words: [String] = []
        var word = ""
        for index in characters.indices {
            if isPlain(characters[index]) || isInner(index) {
                word.append(characters[index] == "’" ? "'" : characters[index])
            } else if !word.isEmpty {
                words.append(word)
                word = ""
            }
        }
        return word.isEmpty ? words : words + [word]
    }

    /// All runs of a length; a shorter list is one run.
    private static func runs(_ words: [String], length: Int) -> [[String]] {
        guard words.count > length else { return words.isEmpty ? [] : [words] }
        return (0...(words.count - length)).map { Array(words[$0..<($0 + length)]) }
    }

    private static func contains(_ run: [String], in words: [String]) -> Bool {
        guard !run.isEmpty, run.count <= words.count else { return false }
        return (0...(words.count - run.count)).contains { words[$0..<($0 + run.count)].elementsEqual(run) }
    }
}

public import Display

/// What a Tab offers at the end of the text before the cursor.
public struct LineCompletion: Sendable, Equatable {
    /// A way to go on.
    public struct Candidate: Sendable, Equatable {
        /// What replaces the word.
        public var text: String
        /// What follows it when it is the only one.
        public var suffix: String
        /// How it is listed.
        public var label: String
        /// What it is, in a few words; may be empty.
        public var detail: String

        /// A candidate by its parts.
        public init(text: String, suffix: String = "", label: String, detail: String = "") {
            (self.text, self.suffix, self.label, self.detail) = (text, suffix, label, detail)
        }
    }

    /// The end of the text, which the candidates replace; all of them begin with it.
    public var word: String
    /// The ways to go on.
    public var candidates: [Candidate]
    /// A line that tells what may stand here.
    public var hint: String?
    /// Whether the first Tab shows the hint, and only the second one the candidates.
    public var showsHintFirst: Bool

    /// A completion by its parts.
    public init(word: String, candidates: [Candidate], hint: String? = nil, showsHintFirst: Bool = false) {
        (self.word, self.candidates, self.hint, self.showsHintFirst) = (word, candidates, hint, showsHintFirst)
    }

    /// The candidates as lines of at most `columns`: with what they are, one on a line, as long as that takes no more than
    /// `rows`; else side by side.
    public func listing(columns: Int, rows: Int, style: Style = .plain) -> [String] {
        let width = candidates.map { DisplayWidth.of($0.label) }.max() ?? 0
        if candidates.contains(where: { !$0.detail.isEmpty }), candidates.count <= rows {
            let labelWidth = min(width, columns / 2)
            return candidates.map { candidate in
                let label = DisplayWidth.padded(DisplayWidth.truncated(candidate.label, to: labelWidth), to: labelWidth)
                let room = columns - labelWidth - 3
                guard room > 8 else { return label }
                return label + "  " + style.paint(DisplayWidth.truncated(candidate.detail, to: room), .gray)
            }
        }
        let perLine = max(1, (columns + 1) / (width + 2))
        let count = (candidates.count + perLine - 1) / perLine
        var lines: [String] = []
        for line in 0..<min(count, rows) {
            let labels = stride(from: line, to: candidates.count, by: count).map { candidates[$0].label }
            let padded = labels.dropLast().map { DisplayWidth.padded($0, to: width + 2) } + labels.suffix(1)
            lines.append(DisplayWidth.truncated(padded.joined(), to: columns))
        }
        if count > rows { lines.append("… \(candidates.count) in all; type some more") }
        return lines
    }
}

/// Text coloured by what training makes of each token: green is learned, yellow is context, red is unlearned.
public struct TokenPainter: Sendable {
    /// The sign of a token's weight or advantage.
    public enum Tone: Sendable { case positive, zero, negative }

    /// Neighbouring tokens of one tone.
    public struct Run: Sendable, Equatable {
        /// Which tokens.
        public let range: Range<Int>
        /// Their common sign.
        public let tone: Tone
    }

    /// How runs are written.
    public let style: Style

    /// A painter; without colours, `[+…+]` stands around learned and `[-…-]` around unlearned text.
    public init(style: Style) {
        self.style = style
    }

    /// The runs of equal sign.
    public static func runs(_ weights: [Double]) -> [Run] {
        var result: [Run] = []
        var start = 0
        for index in weights.indices {
            let tone = tone(weights[index])
            if index + 1 == weights.count || Self.tone(weights[index + 1]) != tone {
                result.append(Run(range: start..<index + 1, tone: tone))
                start = index + 1
            }
        }
        return result
    }

    /// Tokens painted by weight. A run is decoded as one, because a token may hold a part of a character only.
    public func paint(tokens: [Int], weights: [Double], decode: ([Int]) -> String) -> String {
        let count = min(tokens.count, weights.count)
        return Self.runs(Array(weights.prefix(count)))
            .map { paint(decode(Array(tokens[$0.range])), $0.tone) }
            .joined()
    }

    /// Pieces of text painted by weight.
    public func paint(_ pieces: [(text: String, weight: Double)]) -> String {
        Self.runs(pieces.map(\.weight))
            .map { run in paint(pieces[run.range].map(\.text).joined(), run.tone) }
            .joined()
    }

    /// The meaning of the colours in one line.
    public var legend: String {
        "\(paint("weight > 0", .positive)) \(paint("weight = 0", .zero)) \(paint("weight < 0", .negative))"
    }

    private func paint(_ text: String, _ tone: Tone) -> String {
        let visible = text.replacing("\n", with: "↵\n")
        switch tone {
        case .positive: return style.isEnabled ? style.paint(visible, .green) : "[+\(visible)+]"
        case .zero: return style.paint(visible, .yellow)
        case .negative: return style.isEnabled ? style.paint(visible, .red) : "[-\(visible)-]"
        }
    }

    private static func tone(_ weight: Double) -> Tone {
        weight > 0 ? .positive : weight < 0 ? .negative : .zero
    }
}

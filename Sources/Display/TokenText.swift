/// Text in pieces with a number each, which colours it.
public struct TokenText: Sendable, Equatable {
    /// What the numbers are, which decides on the colours.
    public enum Scale: String, Sendable {
        /// Weights or advantages: above 0 is learned, at 0 only read, below 0 unlearned.
        case weight
        /// Logprobs: the less probable a token, the stronger its colour.
        case logprob
        /// Differences of logprobs: which of two models likes a token better.
        case difference
    }

    /// A token's text and its number. Where a character is made of several tokens, the last one has its text.
    public struct Piece: Sendable, Equatable {
        /// The text.
        public var text: String
        /// Its weight, advantage, logprob or difference.
        public var value: Double

        /// A piece by its parts.
        public init(_ text: String, _ value: Double) { (self.text, self.value) = (text, value) }
    }

    /// One line in front of the text.
    public var header: String
    /// What the numbers are.
    public var scale: Scale
    /// The text.
    public var pieces: [Piece]

    /// Text in pieces under a header.
    public init(header: String, scale: Scale = .weight, pieces: [Piece]) {
        (self.header, self.scale, self.pieces) = (header, scale, pieces)
    }

    /// The text alone.
    public var text: String { pieces.map(\.text).joined() }

    /// How strongly a number colours its text, from -3 to 3.
    public func tone(_ value: Double) -> Int {
        switch scale {
        case .weight: return value > 0 ? 3 : value < 0 ? -3 : 0
        case .logprob:
            // Probabilities of a half, a tenth and a hundredth.
            return value.isNaN || value >= -0.7 ? 0 : value >= -2.3 ? -1 : value >= -4.6 ? -2 : -3
        case .difference:
            // Factors of 1.1, 1.6 and 4.5 in probability.
            let strength = abs(value) >= 1.5 ? 3 : abs(value) >= 0.5 ? 2 : abs(value) >= 0.1 ? 1 : 0
            return value < 0 ? -strength : strength
        }
    }

    /// Neighbouring pieces of one tone, as one text each.
    public var runs: [(text: String, tone: Int)] {
        var runs: [(text: String, tone: Int)] = []
        for piece in pieces where !piece.text.isEmpty {
            let tone = tone(piece.value)
            if runs.last?.tone == tone {
                runs[runs.count - 1].text += piece.text
            } else {
                runs.append((piece.text, tone))
            }
        }
        return runs
    }

    /// The meaning of the colours, from the highest tone to the lowest.
    public var legend: [(text: String, tone: Int)] {
        switch scale {
        case .weight: [("learned", 3), ("context", 0), ("unlearned", -3)]
        case .logprob: [("p ≥ 0.5", 0), ("≥ 0.1", -1), ("≥ 0.01", -2), ("less", -3)]
        case .difference: [("more probable", 3), ("alike", 0), ("less probable", -3)]
        }
    }
}

/// Writes coloured text: green is learned or more probable, yellow is context, red is unlearned or less probable.
public struct TokenPainter: Sendable {
    /// How runs are written.
    public let style: Style

    /// A painter; without colours, `[+…+]` stands around what is green and `[-…-]` around what is red.
    public init(style: Style) {
        self.style = style
    }

    /// The text, newlines made visible.
    public func paint(_ text: TokenText) -> String {
        style.isEnabled
            ? text.runs.map { paint($0.text, $0.tone, text.scale) }.joined()
            : Self.marked(text)
    }

    /// The meaning of the colours in one line; empty where there are none.
    public func legend(_ text: TokenText) -> String {
        guard style.isEnabled else { return "" }
        return text.legend.map { paint($0.text, $0.tone, text.scale) }.joined(separator: " ")
    }

    private func paint(_ text: String, _ tone: Int, _ scale: TokenText.Scale) -> String {
        let visible = text.replacing("\n", with: "↵\n")
        return switch (tone, scale) {
        case (0, .weight): style.paint(visible, .yellow)
        case (0, _): visible
        case (3, _): style.paint(visible, .green)
        case (1..., _): style.paint(visible, .paleGreen)
        case (-1, .logprob): style.paint(visible, .yellow)
        case (-2, .logprob): style.paint(visible, .magenta)
        case (-3, _): style.paint(visible, .red)
        default: style.paint(visible, .paleRed)
        }
    }

    /// Without colours only the sign is told.
    private static func marked(_ text: TokenText) -> String {
        var result = ""
        var mark = ""
        for run in text.runs {
            // Of logprobs, only what is improbable is worth a mark.
            let isMarked = text.scale == .logprob ? run.tone <= -2 : text.scale == .difference ? abs(run.tone) >= 2 : run.tone != 0
            let next = !isMarked ? "" : run.tone > 0 ? "+" : "-"
            if next != mark {
                if !mark.isEmpty { result += mark + "]" }
                if !next.isEmpty { result += "[" + next }
                mark = next
            }
            result += run.text.replacing("\n", with: "↵\n")
        }
        return result + (mark.isEmpty ? "" : mark + "]")
    }
}

/// Breaks lines of terminal text at blanks, colours and wide characters respected.
public enum TextWrap {
    /// The text in lines of at most `width` columns. A colour that is open at a break is closed there and opened again.
    public static func lines(_ text: String, width: Int) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { wrapped(String($0), max(1, width)) }
    }

    /// Text for people in lines of at most `width` columns. What goes on stands below the line's second column, which begins after
    /// two blanks or more; without one below the line's beginning, or further in where lines begin at the margin.
    public static func prose(_ text: String, width: Int) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard DisplayWidth.of(String(line)) > width else { return String(line) }
            let indent = line.prefix { $0 == " " }.count
            let label = line.prefixMatch(of: /\s*\S+(?: \S+)* {2,}(?=\S)/).map { DisplayWidth.of(String($0.output)) }
            let hang = label.map { $0 <= width / 2 ? $0 : indent + 4 } ?? (indent == 0 ? 4 : indent)
            return wrapped(String(line), max(1, width), hang: min(hang, width / 2)).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// The line in lines of at most `width` columns, all but the first of them indented by `hang`.
    private static func wrapped(_ line: String, _ width: Int, hang: Int = 0) -> [String] {
        guard DisplayWidth.of(line) > width else { return [line] }
        var lines: [String] = []
        var current = Line()
        /// The text after the last blank, which moves down as a whole when it does not fit.
        var word = Line()
        var open = ""

        let margin = String(repeating: " ", count: hang)
        func append(_ text: String) { lines.append((lines.isEmpty ? "" : margin) + trimmed(text)) }
        func end(_ text: String) { append(trimmed(text) + (open.isEmpty ? "" : "\u{1B}[0m")) }

        for piece in DisplayWidth.pieces(line) {
            if piece.isEscape {
                word.text += piece.text
                continue
            }
            if current.width + word.width + piece.width > (lines.isEmpty ? width : width - hang) {
                if current.width == 0 {
                    // A word that is longer than a line is cut.
                    track(word.text, &open)
                    end(word.text)
                    word = Line()
                } else {
                    end(current.text)
                }
                current = Line(text: open)
            }
            word.text += piece.text
            word.width += piece.width
            if piece.text == " " || piece.width > 1 {
                track(word.text, &open)
                current.text += word.text
                current.width += word.width
                word = Line()
            }
        }
        if current.width + word.width > 0 { append(current.text + word.text) }
        return lines
    }

    private struct Line {
        var text = ""
        var width = 0
    }

    /// Remembers the colour that is on after a text.
    private static func track(_ text: String, _ open: inout String) {
        for piece in DisplayWidth.pieces(text) where piece.isEscape {
            open = piece.text == "\u{1B}[0m" ? "" : open + piece.text
        }
    }

    private static func trimmed(_ text: String) -> String {
        var text = text
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }
}

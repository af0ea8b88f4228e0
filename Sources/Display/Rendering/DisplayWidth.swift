internal import CUtf8proc

/// How many terminal columns text takes: wide East Asian characters and emoji take two, combining marks and escape
/// sequences none.
public enum DisplayWidth {
    /// The columns of one line of text.
    public static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
        return pieces(text).reduce(0) { $0 + $1.width }
    }

    /// The columns of one grapheme cluster. A cluster is as wide as its widest member; joined emoji, flags and the emoji
    /// presentation selector make it two.
    public static func of(_ character: Character) -> Int {
        var width = 0
        var regionalIndicators = 0
        for scalar in character.unicodeScalars {
            if scalar == "\u{FE0F}" && width > 0 { return 2 }
            if (0x1F1E6...0x1F1FF).contains(scalar.value) { regionalIndicators += 1 }
            width = max(width, Int(utf8proc_charwidth(Int32(scalar.value))))
        }
        return regionalIndicators == 2 ? 2 : width
    }

    /// The text cut to at most `limit` columns, with an ellipsis where something is missing.
    public static func truncated(_ text: String, to limit: Int) -> String {
        guard of(text) > limit else { return text }
        guard limit > 0 else { return "" }
        var result = ""
        var used = 0
        var sawEscape = false
        for piece in pieces(text) {
            if piece.isEscape {
                sawEscape = true
                result += piece.text
                continue
            }
            if used + piece.width > limit - 1 { break }
            result += piece.text
            used += piece.width
        }
        return result + "…" + (sawEscape ? "\u{1B}[0m" : "")
    }

    /// The text followed by spaces up to `width` columns.
    public static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - of(text)))
    }

    /// The text preceded by spaces up to `width` columns.
    public static func leftPadded(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - of(text))) + text
    }

    /// A character, or an escape sequence.
    struct Piece {
        var text: Substring
        var width: Int
        var isEscape = false
    }

    static func pieces(_ text: String) -> [Piece] {
        var result: [Piece] = []
        var rest = text[...]
        while let first = rest.first {
            if first == "\u{1B}", let end = escapeEnd(rest) {
                result.append(Piece(text: rest[..<end], width: 0, isEscape: true))
                rest = rest[end...]
            } else {
                result.append(Piece(text: rest.prefix(1), width: of(first)))
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// The end of the control sequence (ECMA-48 5.4) at the start of the text.
    private static func escapeEnd(_ text: Substring) -> Substring.Index? {
        let scalars = text.unicodeScalars
        var index = scalars.index(after: scalars.startIndex)
        guard index < scalars.endIndex, scalars[index] == "[" else { return nil }
        index = scalars.index(after: index)
        while index < scalars.endIndex {
            let value = scalars[index].value
            index = scalars.index(after: index)
            if (0x40...0x7E).contains(value) { return index }
            if !(0x20...0x3F).contains(value) { return nil }
        }
        return nil
    }
}

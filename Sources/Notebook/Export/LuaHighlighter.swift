import Display

/// Colours Lua for a page: keywords, names of functions, strings, numbers and comments get a class.
enum LuaHighlighter {
    /// The source as HTML.
    static func html(_ source: String) -> String {
        var scanner = Scanner(text: Array(source.unicodeScalars))
        var result = ""
        while let token = scanner.next() {
            let text = HTMLText.escaped(token.text)
            result += token.kind.map { "<span class=\"\($0.rawValue)\">\(text)</span>" } ?? text
        }
        return result
    }

    private enum Kind: String {
        case keyword = "k"
        case string = "s"
        case number = "n"
        case comment = "c"
        case function = "f"
    }

    private struct Scanner {
        let text: [Unicode.Scalar]
        var position = 0

        init(text: [Unicode.Scalar]) { self.text = text }

        mutating func next() -> (text: String, kind: Kind?)? {
            guard position < text.count else { return nil }
            let start = position
            let kind = advance()
            var part = String.UnicodeScalarView()
            part.append(contentsOf: text[start..<position])
            return (String(part), kind)
        }

        private mutating func advance() -> Kind? {
            let scalar = text[position]
            if scalar == "-", at(1) == "-" {
                position += 2
                if !skipLongBracket() { skip { $0 != "\n" } }
                return .comment
            }
            if scalar == "[", skipLongBracket() { return .string }
            if scalar == "\"" || scalar == "'" {
                skipString(scalar)
                return .string
            }
            if Self.isDigit(scalar) {
                skip { Self.isName($0) || $0 == "." }
                return .number
            }
            if Self.isName(scalar) {
                let start = position
                skip(Self.isName)
                var word = String.UnicodeScalarView()
                word.append(contentsOf: text[start..<position])
                if LuaHighlighter.keywords.contains(String(word)) { return .keyword }
                return at(0) == "(" || at(0) == "{" ? .function : nil
            }
            position += 1
            return nil
        }

        private func at(_ offset: Int) -> Unicode.Scalar? {
            position + offset < text.count ? text[position + offset] : nil
        }

        private mutating func skip(_ isPart: (Unicode.Scalar) -> Bool) {
            while let scalar = at(0), isPart(scalar) { position += 1 }
        }

        private mutating func skipString(_ quote: Unicode.Scalar) {
            position += 1
            while let scalar = at(0), scalar != "\n" {
                position += scalar == "\\" ? 2 : 1
                if scalar == quote { break }
            }
            position = min(position, text.count)
        }

        /// `[[…]]`, `[=[…]=]`; false when none begins here.
        private mutating func skipLongBracket() -> Bool {
            guard at(0) == "[" else { return false }
            var level = 0
            while at(1 + level) == "=" { level += 1 }
            guard at(1 + level) == "[" else { return false }
            let end = ["]"] + [Unicode.Scalar](repeating: "=", count: level) + ["]"]
            position += level + 2
            while position < text.count, !text[position...].starts(with: end) { position += 1 }
            position = min(position + end.count, text.count)
            return true
        }

        private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
        private static func isName(_ scalar: Unicode.Scalar) -> Bool {
            isDigit(scalar) || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
        }
    }

    private static let keywords: Set<String> = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or",
        "repeat", "return", "then", "true", "until", "while",
    ]
}

/// A cell's text, and how it is compiled so that its last expression is displayed and its locals live on.
struct CellSource {
    struct Plan: Equatable {
        var chunk: String
        var isDisplaySuppressed: Bool
    }

    private struct Token {
        /// The offset of its first byte.
        let start: Int
        let end: Int
        /// First on its line, or after a semicolon, and outside of brackets.
        let canBeginTail: Bool
    }

    private let bytes: [UInt8]
    private let tokens: [Token]

    init(_ source: String) {
        bytes = Array(source.utf8)
        tokens = Self.tokenize(bytes)
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The last expression, in a hidden call `__out(...)` of the same chunk: a `return` would be a tail call and lose
    /// the locals, and two chunks would too. Lines keep their numbers. `compiles` may throw when it cannot tell.
    func plan(compiles: (String) throws(LuaError) -> Bool) throws(LuaError) -> Plan {
        guard let last = tokens.last else { return Plan(chunk: text(0..<bytes.count), isDisplaySuppressed: false) }
        let isSuppressed = bytes[last.start] == UInt8(ascii: ";") && tokens.count > 1
        // Without the semicolon, and without the comments after it
        let end = isSuppressed ? tokens[tokens.count - 2].end : bytes.count
        let whole = text(0..<bytes.count)
        let isWholeValid = try compiles(whole)
        let candidates = tokens.dropLast(isSuppressed ? 1 : 0).filter(\.canBeginTail).suffix(400)
        for token in candidates.reversed() {
            let isFirst = token.start == tokens[0].start
            if isWholeValid, !isFirst, continuesExpression(at: token.start) { continue }
            let tail = text(token.start..<end)
            guard try compiles("return nil, " + tail) else { continue }
            if !isFirst, !(try compiles(text(0..<token.start))) { continue }
            let chunk = textWithoutConst(0..<token.start) + "__out(" + tail + "\n)"
            if try compiles(chunk) { return Plan(chunk: chunk, isDisplaySuppressed: isSuppressed) }
        }
        let hidden = (isWholeValid ? textWithoutConst(0..<bytes.count) : whole) + "\n__out()"
        return Plan(chunk: try compiles(hidden) ? hidden : whole, isDisplaySuppressed: isSuppressed)
    }

    /// Text in which blanks stand for the attribute `<const>`. Lua folds constants away, so that they would not be
    /// found among the locals; whether they are assigned to has been checked by compiling the text as it is.
    private func textWithoutConst(_ range: Range<Int>) -> String {
        var copy = Array(bytes[range])
        var isDeclaring = false
        var index = 0
        func matches(_ offset: Int, _ text: String) -> Bool {
            guard tokens.indices.contains(offset) else { return false }
            return bytes[tokens[offset].start..<tokens[offset].end].elementsEqual(text.utf8)
        }
        while index < tokens.count, tokens[index].end <= range.upperBound {
            if matches(index, "local") {
                isDeclaring = true
                index += 1
            } else if isDeclaring {
                // NAME [< const >] {, NAME [< const >]}
                var next = index + 1
                if matches(next, "<"), matches(next + 2, ">"), next + 2 < tokens.count,
                    tokens[next + 2].end <= range.upperBound
                {
                    if matches(next + 1, "const") {
                        for offset in tokens[next].start..<tokens[next + 2].end
                        where bytes[offset] != UInt8(ascii: "\n") {
                            copy[offset - range.lowerBound] = UInt8(ascii: " ")
                        }
                    }
                    next += 3
                }
                isDeclaring = matches(next, ",")
                index = isDeclaring ? next + 1 : next
            } else {
                index += 1
            }
        }
        return String(decoding: copy, as: UTF8.self)
    }

    /// Whether Lua would read a line that begins so as a part of the line before.
    private func continuesExpression(at offset: Int) -> Bool {
        if bytes[offset...].starts(with: "--".utf8) { return false }
        return "([{\"'-~".utf8.contains(bytes[offset])
    }

    // MARK: Tokens

    private static func tokenize(_ bytes: [UInt8]) -> [Token] {
        var tokens = [Token]()
        var index = 0, depth = 0
        var isFresh = true  // at the start of a line, or after a semicolon
        while index < bytes.count {
            let start = index
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\n"):
                isFresh = true
                index += 1
                continue
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 11, 12:
                index += 1
                continue
            case UInt8(ascii: "-") where bytes[index...].starts(with: "--".utf8):
                if let end = longBracketEnd(bytes, at: index + 2) {
                    index = end
                } else {
                    index = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                }
                continue
            case UInt8(ascii: "\""), UInt8(ascii: "'"): index = stringEnd(bytes, at: index)
            case UInt8(ascii: "["): index = longBracketEnd(bytes, at: index) ?? index + 1
            default:
                index += 1
                if isName(byte) { while index < bytes.count, isName(bytes[index]) { index += 1 } }
            }
            let isBracket = index == start + 1
            if isBracket, ")]}".utf8.contains(byte) { depth -= 1 }
            tokens.append(Token(start: start, end: index, canBeginTail: isFresh && depth == 0))
            if isBracket, "([{".utf8.contains(byte) { depth += 1 }
            isFresh = byte == UInt8(ascii: ";")
        }
        return tokens
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"):
            true
        default: byte >= 128
        }
    }

    private static func stringEnd(_ bytes: [UInt8], at start: Int) -> Int {
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == bytes[start] { return index + 1 }
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return bytes.count
    }

    /// The end of `[==[ ... ]==]` if one begins here.
    private static func longBracketEnd(_ bytes: [UInt8], at start: Int) -> Int? {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "[") else { return nil }
        var index = start + 1
        while index < bytes.count, bytes[index] == UInt8(ascii: "=") { index += 1 }
        guard index < bytes.count, bytes[index] == UInt8(ascii: "[") else { return nil }
        let closing =
            [UInt8(ascii: "]")] + Array(repeating: UInt8(ascii: "="), count: index - start - 1) + [UInt8(ascii: "]")]
        while index < bytes.count {
            if bytes[index] == closing[0], bytes[index...].starts(with: closing) { return index + closing.count }
            index += 1
        }
        return bytes.count
    }
}

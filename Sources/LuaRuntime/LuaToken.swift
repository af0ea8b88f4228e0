/// A word or sign of Lua source.
public struct LuaToken: Sendable, Equatable {
    /// What it is.
    public enum Kind: Sendable { case name, keyword, number, string, sign }

    /// What it is.
    public let kind: Kind
    /// Its text.
    public let text: String
    /// Its place among the bytes of the source.
    public let range: Range<Int>
    /// The line on which it begins, from 1.
    public let line: Int

    /// The tokens of any text; what is no Lua becomes signs of one byte, and what is unfinished ends with the text.
    public static func all(in source: String) -> [LuaToken] { all(in: Array(source.utf8)) }

    static func all(in bytes: [UInt8]) -> [LuaToken] {
        var scanner = LuaScanner(bytes: bytes)
        var tokens = [LuaToken]()
        while let token = scanner.next() { tokens.append(token) }
        return tokens
    }
}

private struct LuaScanner {
    let bytes: [UInt8]
    private var index = 0
    private var line = 1

    init(bytes: [UInt8]) { self.bytes = bytes }

    private static let longSigns = ["...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"].map { Array($0.utf8) }

    mutating func next() -> LuaToken? {
        skipBlanks()
        guard index < bytes.count else { return nil }
        let start = index, startLine = line
        let kind = read()
        line += bytes[start..<index].count { $0 == UInt8(ascii: "\n") }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        let isKeyword = kind == .name && LuaKeywords.all.contains(text)
        return LuaToken(kind: isKeyword ? .keyword : kind, text: text, range: start..<index, line: startLine)
    }

    /// Blanks and comments.
    private mutating func skipBlanks() {
        while index < bytes.count {
            let start = index
            switch bytes[index] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"), 11, 12: index += 1
            case UInt8(ascii: "-") where bytes[index...].starts(with: "--".utf8):
                index =
                    longBracketEnd(at: index + 2) ?? bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            default: return
            }
            line += bytes[start..<index].count { $0 == UInt8(ascii: "\n") }
        }
    }

    /// Steps over a token.
    private mutating func read() -> LuaToken.Kind {
        let byte = bytes[index]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            index = stringEnd(at: index)
            return .string
        case UInt8(ascii: "["):
            guard let end = longBracketEnd(at: index) else { break }
            index = end
            return .string
        case _ where Self.isDigit(byte) || (byte == UInt8(ascii: ".") && next(is: Self.isDigit)):
            readNumber()
            return .number
        case _ where Self.isName(byte):
            while index < bytes.count, Self.isName(bytes[index]) { index += 1 }
            return .name
        default: break
        }
        index += Self.longSigns.first { bytes[index...].starts(with: $0) }?.count ?? 1
        return .sign
    }

    private mutating func readNumber() {
        while index < bytes.count {
            let byte = bytes[index]
            let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            if isSign {
                guard "eEpP".utf8.contains(bytes[index - 1]) else { return }
            } else if byte == UInt8(ascii: ".") {
                if bytes[index...].starts(with: "..".utf8) { return }
            } else if !Self.isName(byte) {
                return
            }
            index += 1
        }
    }

    private func next(is condition: (UInt8) -> Bool) -> Bool { index + 1 < bytes.count && condition(bytes[index + 1]) }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: byte >= 128
        }
    }

    private func stringEnd(at start: Int) -> Int {
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == bytes[start] { return index + 1 }
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return bytes.count
    }

    /// The end of `[==[ ... ]==]` if one begins here.
    private func longBracketEnd(at start: Int) -> Int? {
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

internal import LuaRuntime

/// Where in a half-typed piece of Lua its end is: in a name, a string, or among the options of a call. Text that does not
/// compile is the usual case, so it is scanned, not parsed.
struct CompletionContext: Equatable {
    /// What stands at the end.
    enum Place: Equatable {
        /// The identifiers, dots and colons of a name; may be empty.
        case name(String)
        /// The beginning of an option's key in `f{...}`; may be empty.
        case option(String)
        /// The beginning of an option's value: `f{key = ...`.
        case value(String)
        /// The text of an open string.
        case string(String, quote: Character)
        /// A comment or a long string, where there is nothing to complete.
        case nothing
    }

    /// A call whose arguments are not closed yet.
    struct Call: Equatable {
        /// The called name with its dots and colon.
        var callee: String
        /// Whether the arguments are a table of options.
        var hasOptions: Bool
        /// The options that have been given.
        var keys: [String] = []
        /// The option whose value is being typed.
        var key: String?
    }

    var place: Place
    /// The innermost call around the place.
    var call: Call?
}

extension CompletionContext {
    private struct Frame {
        var call: Call?
        var isTable: Bool
        var isAtItemStart = true
    }

    /// Looks at the end of a text.
    init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        var frames: [Frame] = []
        var path: String?  // the name that has just ended, nil after anything else
        var word = ""  // the name at the end
        var isOpen = false  // after a dot or colon the name goes on
        place = .nothing
        while let token = scanner.next() {
            let before = path
            let wasOpen = isOpen
            if case .space = token { continue }
            (path, isOpen) = (nil, false)
            let top = frames.indices.last
            switch token {
            case .space: break
            case .comment(let isClosed), .longString(let isClosed):
                if !isClosed { return }
                if case .comment = token { (path, isOpen) = (before, wasOpen) }
            case .string(let content, let quote, let isClosed):
                guard !isClosed else { break }
                call = frames.last(where: { $0.call != nil })?.call
                if let callee = before, !callee.isEmpty { call = Call(callee: callee, hasOptions: false) }
                place = .string(content, quote: quote)
                return
            case .name(let name):
                path = wasOpen ? before.map { $0 + name } : name
                if LuaKeywords.all.contains(name), !wasOpen { path = nil }
            case .symbol(let symbol):
                switch symbol {
                case ".", ":":
                    path = before.map { $0 + String(symbol) }
                    isOpen = path != nil
                    continue
                case "(", "{":
                    var inner: Call?
                    if let callee = before { inner = Call(callee: callee, hasOptions: symbol == "{") }
                    // f({...}) is f{...}
                    if symbol == "{", before == nil, let top, frames[top].isAtItemStart, !frames[top].isTable {
                        inner = frames[top].call.map { Call(callee: $0.callee, hasOptions: true) }
                    }
                    frames.append(Frame(call: inner, isTable: symbol == "{"))
                    continue
                case ")", "}", "]": if !frames.isEmpty { frames.removeLast() }
                case "[": frames.append(Frame(call: nil, isTable: false))
                case ",", ";":
                    if let top {
                        frames[top].isAtItemStart = true
                        frames[top].call?.key = nil
                        continue
                    }
                case "=":
                    if let top, frames[top].isTable, let key = before {
                        frames[top].call?.keys.append(key)
                        frames[top].call?.key = key
                    }
                default: break
                }
            }
            if let top, frames.indices.contains(top) { frames[top].isAtItemStart = false }
        }
        let bytes = scanner.bytes
        let start = bytes.lastIndex { !Scanner.isName($0) && $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: ":") }
        word = String(decoding: bytes[(start.map { $0 + 1 } ?? 0)...], as: UTF8.self)
        if let dots = word.firstRange(of: "..") { word = String(word[dots.upperBound...]) }
        call = frames.last(where: { $0.call != nil })?.call
        let rest = bytes[..<(start.map { $0 + 1 } ?? 0)].last { !Scanner.isSpace($0) }
        guard let own = frames.last?.call, own.hasOptions else {
            place = .name(word)
            return
        }
        if rest == UInt8(ascii: "="), own.key != nil {
            place = .value(word)
        } else if own.key == nil, !word.contains("."), !word.contains(":"),
            [",", ";", "{"].contains(rest.map { Character(UnicodeScalar($0)) })
        {
            place = .option(word)
        } else {
            place = .name(word)
        }
    }
}

/// Cuts Lua into what matters for completion.
private struct Scanner {
    enum Token {
        case space
        case name(String)
        case symbol(Character)
        case string(String, quote: Character, isClosed: Bool)
        case longString(isClosed: Bool)
        case comment(isClosed: Bool)
    }

    let bytes: [UInt8]
    var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"):
            true
        default: byte >= 128
        }
    }

    mutating func next() -> Token? {
        guard index < bytes.count else { return nil }
        let start = index
        let byte = bytes[index]
        index += 1
        if Self.isSpace(byte) { return .space }
        if Self.isName(byte) {
            while index < bytes.count, Self.isName(bytes[index]) { index += 1 }
            return .name(String(decoding: bytes[start..<index], as: UTF8.self))
        }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return string(byte) }
        if byte == UInt8(ascii: "["), let isClosed = skipLongBracket(start) { return .longString(isClosed: isClosed) }
        if bytes[start...].starts(with: "--".utf8) {
            index = start + 2
            if index < bytes.count, bytes[index] == UInt8(ascii: "["), let isClosed = skipLongBracket(index) {
                return .comment(isClosed: isClosed)
            }
            while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
            return .comment(isClosed: index < bytes.count)
        }
        return .symbol(Character(UnicodeScalar(byte)))
    }

    private mutating func string(_ quote: UInt8) -> Token {
        let start = index
        func token(_ end: Int, _ isClosed: Bool) -> Token {
            .string(
                String(decoding: bytes[start..<end], as: UTF8.self), quote: Character(UnicodeScalar(quote)), isClosed: isClosed)
        }
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == quote { return token(index - 1, true) }
            if byte == UInt8(ascii: "\n") { return token(index - 1, true) }
            if byte == UInt8(ascii: "\\") { index = min(index + 1, bytes.count) }
        }
        return token(bytes.count, false)
    }

    /// Skips `[==[ ... ]==]` if it begins here; nil if it does not.
    private mutating func skipLongBracket(_ start: Int) -> Bool? {
        var open = start + 1
        while open < bytes.count, bytes[open] == UInt8(ascii: "=") { open += 1 }
        guard open < bytes.count, bytes[open] == UInt8(ascii: "[") else { return nil }
        let close = [UInt8(ascii: "]")] + bytes[(start + 1)..<open] + [UInt8(ascii: "]")]
        index = open + 1
        while index < bytes.count {
            if bytes[index] == close[0], bytes[index...].starts(with: close) {
                index += close.count
                return true
            }
            index += 1
        }
        return false
    }
}

internal import LuaRuntime

/// Where in its line the expression of an error stands. Lua tells the line alone, but messages name what they are about.
struct ErrorMark {
    private let tokens: [LuaToken]
    private let message: String
    private let line: Int
    private let lineStart: Int

    /// The marks for an error at a line of a source; `syntax` errors name what they stumbled over.
    init(message: String, line: Int, source: String) {
        self.message = message
        self.line = line
        tokens = LuaToken.all(in: source)
        let starts = [0] + source.utf8.enumerated().filter { $0.element == UInt8(ascii: "\n") }.map { $0.offset + 1 }
        lineStart = starts.indices.contains(line - 1) ? starts[line - 1] : 0
    }

    /// Ranges of the line's bytes; the whole code of the line when nothing closer is known, none for a line without code.
    var ranges: [Range<Int>] {
        let found = [variable, nearToken, option, argument, raisingCall, quotedName].lazy.map { $0() }.first { !$0.isEmpty }
        return (found ?? wholeLine).map { max(0, $0.lowerBound - lineStart)..<max(0, $0.upperBound - lineStart) }
    }

    /// The dotted names up to the variable that an error is about: `rlhf.rl.trian`.
    var path: [String] {
        guard let subject = subject, let index = candidates(subject).first else { return [] }
        return tokens[chainStart(index)...index].filter { $0.kind == .name }.map(\.text)
    }

    private var onLine: [Int] { tokens.indices.filter { tokens[$0].line == line } }

    private var wholeLine: [Range<Int>] {
        guard let first = onLine.first, let last = onLine.last else { return [] }
        let end = tokens[last].text.contains("\n") ? tokens[last].range.lowerBound + 1 : tokens[last].range.upperBound
        return [tokens[first].range.lowerBound..<end]
    }

    private func text(_ index: Int) -> String { tokens.indices.contains(index) ? tokens[index].text : "" }

    // MARK: (global 'x'), (field 'x') ...

    private var subject: (kind: String, name: String)? {
        guard let match = message.firstMatch(of: /\((global|local|upvalue|field|method|constant) '([^']*)'\)/) else {
            return nil
        }
        return (String(match.1), String(match.2))
    }

    private func candidates(_ subject: (kind: String, name: String)) -> [Int] {
        let isMember = ["field", "method", "constant"].contains(subject.kind)
        let named = onLine.filter { index in
            let token = tokens[index]
            switch token.kind {
            case .name: return token.text == subject.name && [".", ":"].contains(text(index - 1)) == isMember
            case .string: return isMember && String(token.text.dropFirst().dropLast()) == subject.name
            // What Lua says of t[1], whichever the number.
            case .number: return subject.name == "integer index" && isBracketed(index)
            default: return false
            }
        }
        let fitting = named.filter { index in
            let next = isBracketed(index) ? index + 2 : index + 1
            if message.contains("attempt to call") {
                return ["(", "{"].contains(text(next)) || tokens.indices.contains(next) && tokens[next].kind == .string
            }
            if message.contains("attempt to index") { return [".", "[", ":"].contains(text(next)) }
            if message.contains("concatenate") { return text(next) == ".." || text(chainStart(index) - 1) == ".." }
            return true
        }
        return fitting.isEmpty ? named : fitting
    }

    private func variable() -> [Range<Int>] {
        guard let subject else { return [] }
        return candidates(subject).map { index in
            let end = isBracketed(index) ? index + 1 : index
            return tokens[chainStart(index)].range.lowerBound..<tokens[end].range.upperBound
        }
    }

    /// Whether a token is the key of `t["name"]` or `t[1]`.
    private func isBracketed(_ index: Int) -> Bool {
        [.string, .number].contains(tokens[index].kind) && text(index - 1) == "[" && text(index + 1) == "]"
    }

    /// The first of `a.b.c` that leads to a name.
    private func chainStart(_ index: Int) -> Int {
        var start = isBracketed(index) ? index - 2 : index
        while start >= 2, [".", ":"].contains(text(start - 1)), tokens[start - 2].kind == .name { start -= 2 }
        return max(0, start)
    }

    // MARK: Other messages

    private func nearToken() -> [Range<Int>] {
        guard let match = message.firstMatch(of: /\ near (?:'(.*)'|<eof>)$/) else { return [] }
        guard let near = match.1, let last = onLine.last(where: { tokens[$0].text.hasPrefix(near) }) else {
            return onLine.last.map { [tokens[$0].range.upperBound..<tokens[$0].range.upperBound + 1] } ?? []
        }
        return [tokens[last].range]
    }

    /// `f: unknown option 'x'`, `f: option 'x' expected ...`
    private func option() -> [Range<Int>] {
        guard let match = message.firstMatch(of: /option '([A-Za-z_]\w*)'/) else { return [] }
        return onLine.filter { tokens[$0].kind == .name && tokens[$0].text == match.1 && text($0 + 1) == "=" }.map { tokens[$0].range }
    }

    /// `f: argument 2 expected ...`, `bad argument #2 to 'f' ...`, or `f: ...`.
    private func argument() -> [Range<Int>] {
        var name = "", number: Int?
        if let match = message.firstMatch(of: /^bad argument #(\d+) to '([^']+)'/) {
            (name, number) = (String(match.2), Int(match.1))
        } else if let match = message.firstMatch(of: /^([A-Za-z_][\w.:]*): (?:argument (\d+) )?/) {
            (name, number) = (String(match.1), match.2.flatMap { Int($0) })
        }
        let short = name.split { $0 == "." || $0 == ":" }.last.map(String.init) ?? ""
        let calls = onLine.filter { tokens[$0].text == short && isCall($0) }
        guard calls.count == 1, let call = calls.first else { return [] }
        if let number, text(call + 1) == "(", let range = argumentRange(call + 1, number) { return [range] }
        return [tokens[chainStart(call)].range.lowerBound..<tokens[call].range.upperBound]
    }

    private func isCall(_ index: Int) -> Bool {
        guard tokens[index].kind == .name, tokens.indices.contains(index + 1) else { return false }
        return ["(", "{"].contains(tokens[index + 1].text) || tokens[index + 1].kind == .string
    }

    /// The part of a call's argument that lies on the line.
    private func argumentRange(_ open: Int, _ number: Int) -> Range<Int>? {
        var depth = 0, current = 1, first: Int?, last: Int?
        for index in open..<tokens.count {
            let text = tokens[index].text, isSign = tokens[index].kind == .sign
            let closes = isSign && [")", "]", "}"].contains(text) || text == "end"
            if closes { depth -= 1 }
            if depth == 0, index > open { break }
            if isSign && text == ",", depth == 1 {
                current += 1
            } else if index > open, current == number, tokens[index].line == line {
                first = first ?? index
                last = index
            }
            if isSign && ["(", "[", "{"].contains(text) || ["function", "do", "if"].contains(text) { depth += 1 }
        }
        guard let first, let last else { return nil }
        return tokens[first].range.lowerBound..<tokens[last].range.upperBound
    }

    private func raisingCall() -> [Range<Int>] {
        let calls = onLine.filter { ["error", "assert"].contains(tokens[$0].text) && isCall($0) }
        guard calls.count == 1, let call = calls.first else { return [] }
        var depth = 0
        for index in tokens.indices.dropFirst(call + 1) where tokens[index].line == line && tokens[index].kind == .sign {
            if ["(", "{"].contains(tokens[index].text) { depth += 1 }
            if [")", "}"].contains(tokens[index].text) { depth -= 1 }
            if depth == 0 { return [tokens[call].range.lowerBound..<tokens[index].range.upperBound] }
        }
        return [tokens[call].range]
    }

    private func quotedName() -> [Range<Int>] {
        let names = Set(message.matches(of: /'([A-Za-z_]\w*)'/).map { String($0.1) })
        return onLine.filter { tokens[$0].kind == .name && names.contains(tokens[$0].text) }.map { tokens[$0].range }
    }
}

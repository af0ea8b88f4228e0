/// A cell's text, and how it is compiled so that its last expression is displayed and its locals live on.
struct CellSource {
    struct Plan: Equatable {
        var chunk: String
        var isDisplaySuppressed: Bool
    }

    private let bytes: [UInt8]
    private let tokens: [LuaToken]

    init(_ source: String) {
        bytes = Array(source.utf8)
        tokens = LuaToken.all(in: bytes)
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The last expression, in a hidden call `__out(...)` of the same chunk: a `return` would be a tail call and lose
    /// the locals, and two chunks would too. Lines keep their numbers. `compiles` may throw when it cannot tell.
    func plan(compiles: (String) throws(LuaError) -> Bool) throws(LuaError) -> Plan {
        guard let last = tokens.last else { return Plan(chunk: text(0..<bytes.count), isDisplaySuppressed: false) }
        let isSuppressed = last.text == ";" && tokens.count > 1
        // Without the semicolon, and without the comments after it
        let end = isSuppressed ? tokens[tokens.count - 2].range.upperBound : bytes.count
        let whole = text(0..<bytes.count)
        let isWholeValid = try compiles(whole)
        for start in tailStarts(tokens.dropLast(isSuppressed ? 1 : 0)).suffix(400).reversed() {
            let isFirst = start == tokens[0].range.lowerBound
            if isWholeValid, !isFirst, continuesExpression(at: start) { continue }
            let tail = text(start..<end)
            guard try compiles("return nil, " + tail) else { continue }
            if !isFirst, !(try compiles(text(0..<start))) { continue }
            let chunk = textWithoutConst(0..<start) + "__out(" + tail + "\n)"
            if try compiles(chunk) { return Plan(chunk: chunk, isDisplaySuppressed: isSuppressed) }
        }
        let hidden = (isWholeValid ? textWithoutConst(0..<bytes.count) : whole) + "\n__out()"
        return Plan(chunk: try compiles(hidden) ? hidden : whole, isDisplaySuppressed: isSuppressed)
    }

    /// Where the last expression could begin: at the first token of a line, or after a semicolon, outside of brackets.
    private func tailStarts(_ tokens: ArraySlice<LuaToken>) -> [Int] {
        var starts = [Int]()
        var depth = 0, lastLine = 0
        var isFresh = true
        for token in tokens {
            let isSign = token.kind == .sign
            if isSign, ")]}".contains(token.text) { depth -= 1 }
            if depth == 0, isFresh || token.line > lastLine { starts.append(token.range.lowerBound) }
            if isSign, "([{".contains(token.text) { depth += 1 }
            isFresh = token.text == ";"
            lastLine = token.line + token.text.utf8.count { $0 == UInt8(ascii: "\n") }
        }
        return starts
    }

    /// Text in which blanks stand for the attribute `<const>`. Lua folds constants away, so that they would not be
    /// found among the locals; whether they are assigned to has been checked by compiling the text as it is.
    private func textWithoutConst(_ range: Range<Int>) -> String {
        var copy = Array(bytes[range])
        var isDeclaring = false
        var index = 0
        func matches(_ offset: Int, _ text: String) -> Bool {
            tokens.indices.contains(offset) && tokens[offset].text == text
        }
        while index < tokens.count, tokens[index].range.upperBound <= range.upperBound {
            if matches(index, "local") {
                isDeclaring = true
                index += 1
            } else if isDeclaring {
                // NAME [< const >] {, NAME [< const >]}
                var next = index + 1
                if matches(next, "<"), matches(next + 2, ">"), next + 2 < tokens.count,
                    tokens[next + 2].range.upperBound <= range.upperBound
                {
                    if matches(next + 1, "const") {
                        for offset in tokens[next].range.lowerBound..<tokens[next + 2].range.upperBound
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
}

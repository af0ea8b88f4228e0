internal import LuaRuntime

/// How a line of source uses a name that nothing defines: reading nil to test for it is fine, handing nil on is likely a
/// slip, and whatever fails by itself needs no second message.
struct GlobalRead {
    private let tokens: [LuaToken]
    private let name: String
    /// The line of the source. Lua puts the value of a last expression on the line of the hidden call's end, which is no
    /// line of the source.
    let line: Int

    init(_ read: UndefinedRead, source: String) {
        name = read.name
        tokens = LuaToken.all(in: source)
        line = tokens.last { $0.line <= read.line }?.line ?? read.line
    }

    /// Whether the line hands the missing value on.
    var isSlip: Bool {
        tokens.indices.contains { index in
            tokens[index].kind == .name && tokens[index].text == name && tokens[index].line == line
                && ![".", ":"].contains(text(index - 1)) && handsOn(index)
        }
    }

    private func text(_ index: Int) -> String { tokens.indices.contains(index) ? tokens[index].text : "" }

    private func handsOn(_ index: Int) -> Bool {
        let before = text(index - 1), after = text(index + 1)
        let isTarget = after == "="  // of an assignment, or a key
        let isTest =
            ["if", "elseif", "while", "until", "not", "==", "~="].contains(before)
            || ["then", "and", "or", "==", "~="].contains(after)
            || before == "(" && after == ")" && ["type", "assert", "rawequal"].contains(text(index - 2))
        let operators = ["+", "-", "*", "/", "//", "%", "^", "..", "<", ">", "<=", ">=", "&", "|", "~", "<<", ">>"]
        let isString = tokens.indices.contains(index + 1) && tokens[index + 1].kind == .string
        let failsByItself =
            ["(", "{", ".", "[", ":"].contains(after) || isString || operators.contains(after)
            || operators.contains(before) || before == "#"
        return !isTarget && !isTest && !failsByItself
    }

    /// The names that the source declares: locals, loop variables and parameters.
    static func declaredNames(in source: String) -> Set<String> {
        let tokens = LuaToken.all(in: source)
        var names: Set<String> = []
        var isDeclaring = false
        for (index, token) in tokens.enumerated() {
            switch token.text {
            case "local", "for": isDeclaring = true
            case "function":
                isDeclaring = true
            case _ where !isDeclaring: break
            case ",", "(", "<", ">", "const", "close", ".", ":": break
            case _ where token.kind == .name:
                let before = index > 0 ? tokens[index - 1].text : ""
                if ![".", ":"].contains(before), index + 1 >= tokens.count || ![".", ":"].contains(tokens[index + 1].text) {
                    names.insert(token.text)
                }
            default: isDeclaring = false
            }
        }
        return names
    }
}

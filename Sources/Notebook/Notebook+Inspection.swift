internal import LuaBindings
internal import LuaRuntime

/// What frontends beyond the prompt ask for.
extension Notebook {
    /// Runs Lua that is no entry: nothing is numbered, remembered or written down. Values and errors are shown.
    public func runUnrecorded(_ source: String) {
        let outcome = whileRunning { state.evaluate(source, cellName: "unnumbered") }
        if let error = outcome.error {
            show(error, isInterrupt: outcome.wasInterrupted)
        } else if !outcome.isDisplaySuppressed {
            display(outcome.values)
        }
    }

    /// Whether an entry compiles. Commands always do.
    public func isValid(_ entry: String) -> Bool {
        guard let first = entry.first(where: { !$0.isWhitespace }), !"%?;".contains(first), !entry.hasSuffix("?") else { return true }
        return state.compileError(entry, name: "input") == nil || state.compileError("return " + entry, name: "input") == nil
    }

    /// What there is to know about a name without running code: the help on what it is bound to, else what its value is. Without
    /// one, the call at the end of `text` is meant. Nil when nothing is known.
    public func inspect(_ name: String, in text: String = "") -> String? {
        if let known = completer.explanation(of: name, in: state) { return known }
        return CompletionContext(text).call.flatMap { completer.explanation(of: $0.callee, in: state) }
    }
}

extension Completer {
    /// The help on what a name is bound to, else what its value is.
    func explanation(of name: String, in state: LuaState) -> String? {
        guard let first = name.unicodeScalars.first, first == "_" || first.properties.isAlphabetic else { return nil }
        if let colon = name.lastIndex(of: ":"),
            case .object(let object) = state.peek(String(name[..<colon]).replacing(":", with: "."))
        {
            return registry.helpText(type(of: object).luaType + name[colon...])
        }
        let value = state.peek(name)
        switch value {
        case .none: return registry.helpText(name)
        case .function(let function):
            if let path = index.path(of: function.reference) { return registry.helpText(path) }
            guard let source = function.source, let line = function.line else { return "\(name): a built-in function of Lua" }
            return "\(name): a Lua function, defined at \(source):\(line)"
        case .table(let table):
            return table.reference.flatMap(index.path).flatMap { registry.helpText($0) }
                ?? "\(name): a table; inspect(\(name)) shows it"
        case .object(let object):
            let type = type(of: object).luaType
            return registry.helpText(type) ?? "\(name): an object of type \(type)"
        default: return "\(name): a \(value.typeName), \(value.brief)"
        }
    }
}

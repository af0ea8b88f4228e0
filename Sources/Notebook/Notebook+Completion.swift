internal import LuaBindings
internal import LuaRuntime

extension Notebook {
    /// What goes on from the end of an entry's text: commands and their arguments after a percent sign, help topics after a
    /// question mark, files after a semicolon, else Lua.
    public func complete(_ text: String) -> CompletionList {
        let entry = text.drop(while: \.isWhitespace)
        switch entry.first {
        case "%": return complete(command: entry.dropFirst())
        case "?":
            let word = entry.dropFirst().drop(while: \.isWhitespace)
            return named(String(word), completer.registry.names.sorted())
        case ";":
            let word = String(entry.dropFirst().split(separator: " ", omittingEmptySubsequences: false).last ?? "")
            return CompletionList(word: word, candidates: FileCompletion.candidates(word))
        default: return completer.complete(lua: text, in: state)
        }
    }

    /// The texts that may replace the word at the end; see `complete`.
    public func completions(for text: String) -> [String] { complete(text).candidates.map(\.text) }

    private func complete(command text: Substring) -> CompletionList {
        guard let space = text.firstIndex(where: \.isWhitespace) else {
            let fitting = SessionCommand.all.filter { $0.name.hasPrefix(text) }
            return CompletionList(
                word: String(text),
                candidates: fitting.map {
                    CompletionList.Candidate(
                        text: $0.name, suffix: $0.usage.contains(" ") ? " " : "", label: $0.usage, detail: $0.doc)
                })
        }
        let argument = text[space...].drop(while: \.isWhitespace)
        guard let command = SessionCommand.all.first(where: { $0.name == text[..<space] }) else {
            return CompletionList(word: String(argument))
        }
        if command.usage.contains("CODE") { return completer.complete(lua: String(argument), in: state) }
        if command.usage.contains("TITLE") {
            let cells = script?.codeCells ?? []
            let numbers = cells.indices.map { "\($0 + 1)" }
            return named(String(argument), cells.map(\.title).filter { !$0.isEmpty } + numbers + ["all", "from "])
        }
        if command.usage.contains("FILE") {
            return CompletionList(word: String(argument), candidates: FileCompletion.candidates(String(argument)))
        }
        if command.name == "help" { return named(String(argument), completer.registry.names.sorted()) }
        return CompletionList(word: String(argument))
    }

    private func named(_ word: String, _ names: [String]) -> CompletionList {
        let fitting = names.filter { $0.hasPrefix(word) }.prefix(Completer.limit)
        return CompletionList(word: word, candidates: fitting.map { CompletionList.Candidate(text: $0, label: $0) })
    }
}

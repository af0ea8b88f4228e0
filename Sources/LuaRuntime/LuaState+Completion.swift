import CLuaBridge

/// A way to go on from what has been typed.
public struct Completion: Sendable, Equatable {
    /// What a completion stands for.
    public enum Kind: String, Sendable { case function, table, object, value, method, property, keyword }

    /// The whole word to stand in place of the typed one, its path included: `rlhf.tensor.zeros`.
    public var text: String
    /// What it stands for.
    public var kind: Kind

    /// A completion by its text and kind.
    public init(text: String, kind: Kind) {
        self.text = text
        self.kind = kind
    }
}

/// A global of the session.
public struct GlobalSummary: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// The name of its value's type.
    public var type: String
    /// One short line.
    public var summary: String

    /// A global by name, type and summary.
    public init(name: String, type: String, summary: String) {
        self.name = name
        self.type = type
        self.summary = summary
    }
}

extension LuaState {
    /// The names that go on from the path at the end of a line, at most 200. Follows tables, `__index` tables and
    /// registered types by raw reads; runs no code of the user's.
    public func completions(for line: String) -> [Completion] {
        let word = Self.trailingPath(line)
        let split = word.lastIndex { $0 == "." || $0 == ":" }
        let path = split.map { word[..<$0].replacing(":", with: ".") } ?? ""
        let stem = split.map { word[word.index(after: $0)...] } ?? word[...]
        let prefix = split.map { word[...$0] } ?? ""
        let wantsMethods = split.map { word[$0] == ":" } ?? false
        guard let members = try? perform(LB_OP_MEMBERS, text: String(path)).values else { return [] }

        var kinds = [String: Completion.Kind]()
        for index in stride(from: 0, to: members.count - 1, by: 2) {
            guard let name = members[index].string, let kind = members[index + 1].string.flatMap(Completion.Kind.init)
            else { continue }
            if kinds[name] == nil { kinds[name] = kind }
        }
        if path.isEmpty && split == nil {
            for keyword in LuaKeywords.all where kinds[keyword] == nil { kinds[keyword] = .keyword }
        }
        let found = kinds.filter { name, kind in
            guard name.hasPrefix(stem), !name.isEmpty else { return false }
            if name.hasPrefix("__") || (name.hasPrefix("_") && !stem.hasPrefix("_")) { return false }
            if wantsMethods { return kind == .function || kind == .method }
            return true
        }
        return found.sorted { $0.key < $1.key }.prefix(200).map { Completion(text: prefix + $0.key, kind: $0.value) }
    }

    /// The value at a dotted path, by raw reads: runs no code. Tables come by reference.
    public func peek(_ path: String) -> LuaValue {
        guard !path.isEmpty else { return .none }
        return (try? perform(LB_OP_PEEK, text: path).values.first) ?? .none
    }

    /// The identifiers, dots and colons at the end of a line.
    private static func trailingPath(_ line: String) -> String {
        let start = line.lastIndex { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == ":") }
        let word = start.map { line[line.index(after: $0)...] } ?? line[...]
        // After `..` a new name begins.
        guard let dots = word.firstRange(of: "..") else { return String(word) }
        return String(word[dots.upperBound...])
    }

    /// The globals that cells have defined, sorted by name.
    public func globals() -> [GlobalSummary] {
        guard let pairs = try? perform(LB_OP_GLOBALS).values else { return [] }
        var globals = [GlobalSummary]()
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            guard let name = pairs[index].string, !name.hasPrefix("__") else { continue }
            let value = pairs[index + 1]
            let text = describe(value, depth: 1, items: 5, width: 1000)
            let line = text.split(separator: "\n").first.map(String.init) ?? ""
            globals.append(
                GlobalSummary(
                    name: name, type: value.typeName, summary: line.count > 60 ? line.prefix(57) + "..." : line))
        }
        return globals.sorted { $0.name < $1.name }
    }
}

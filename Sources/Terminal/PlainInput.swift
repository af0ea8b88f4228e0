/// Entries from a pipe or a file: no prompt, no editing.
public final class PlainInput: EntrySource {
    private let nextLine: () -> String?
    /// The entries of this session.
    public private(set) var history: [String] = []

    /// Entries from standard input, through the C library's buffer, which Lua's `io.read` shares.
    public convenience init() {
        self.init { readLine(strippingNewline: true) }
    }

    /// Entries from any source of lines.
    public init(nextLine: @escaping () -> String?) {
        self.nextLine = nextLine
    }

    /// The next entry; see `EntrySource`.
    public func readEntry(prompt: String, continuation: String, isIncomplete: (String) -> Bool) -> Entry {
        guard var entry = nextLine() else { return .end }
        while isIncomplete(entry), let line = nextLine() { entry += "\n" + line }
        return .text(entry)
    }

    /// Keeps an entry for `%history`.
    public func remember(_ entry: String) { history.append(entry) }
}

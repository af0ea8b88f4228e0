/// What a user typed, or did instead.
public enum Entry: Sendable, Equatable {
    /// One or several lines that belong together, without the last newline.
    case text(String)
    /// Ctrl-C: the line was dropped.
    case interrupted
    /// Ctrl-D on an empty line, or the end of the input.
    case end
}

/// Where a session's entries come from: a line editor on a terminal, plain lines elsewhere.
public protocol EntrySource: AnyObject {
    /// Waits for an entry. More lines are read as long as `isIncomplete` says so of what there is.
    func readEntry(prompt: String, continuation: String, isIncomplete: (String) -> Bool) -> Entry
    /// Keeps an entry for later recall.
    func remember(_ entry: String)
    /// The entries that can be recalled, oldest first.
    var history: [String] { get }
}

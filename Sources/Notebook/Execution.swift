public import LuaRuntime

/// One run of a cell or of an entry at the prompt.
public struct Execution: Sendable {
    /// How a run ended.
    public enum Ending: String, Sendable { case ok, error, interrupted }

    /// The number in `In[n]` and `Out[n]`, from 1.
    public let number: Int
    /// The cell's number in its script; nil for an entry at the prompt.
    public let scriptCell: Int?
    /// The cell's title; empty when it has none.
    public let title: String
    /// The text that ran.
    public let source: String
    /// The script's file and the line in it where the text begins.
    public let origin: (path: String, firstLine: Int)?
    /// How the run ended; nil while it runs.
    public internal(set) var ending: Ending?
    /// Seconds from start to end.
    public internal(set) var seconds = 0.0
    /// Why it failed.
    public internal(set) var error: LuaError?
    /// What it has printed and shown, in order.
    public internal(set) var outputs: [CellOutput] = []

    /// What Lua calls the chunk.
    public var chunkName: String { "cell[\(number)]" }

    /// `cell 3 "Train"` for a cell of a script, else `In[7]`.
    public var name: String {
        guard let scriptCell else { return "In[\(number)]" }
        return title.isEmpty ? "cell \(scriptCell)" : "cell \(scriptCell) \"\(title)\""
    }
}

/// Whether a cell of the script has run, and whether its results still count.
public enum CellStatus: String, Sendable {
    case neverRun = "new"
    case ok
    case error
    case interrupted
    /// Its text has changed since, or a cell before it has run since.
    case stale
}

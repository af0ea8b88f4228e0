public import JSON

/// A cell of a script in percent format.
public struct ScriptCell: Sendable, Equatable {
    /// What a cell holds.
    public enum Kind: String, Sendable { case code, markdown, raw }

    /// The text after the marker; empty when there is none.
    public var title: String
    /// Code runs, prose is shown.
    public var kind: Kind
    /// How many percent signs the marker has beyond two; sub-cells have one or more.
    public var depth: Int
    /// The marker's further options, in JSON or as `key=value`.
    public var metadata: [String: JSONValue]
    /// The lines between the markers; those of prose without their comment sign.
    public var source: String
    /// The lines of the file that are the cell's, marker and blank lines included, counted from 1.
    public var lines: ClosedRange<Int>
    /// The line of the file on which `source` begins.
    public var firstSourceLine: Int

    /// Whether the cell runs.
    public var isCode: Bool { kind == .code }
}

public import LuaRuntime

/// How a notebook shows things; its owner decides where text goes and how it looks.
public struct NotebookView {
    /// What a piece of text is, for its colour.
    public enum Role: Sendable { case heading, error, place, hint, dim, good, warning }

    /// Writes what cells print and display.
    public var write: (String) -> Void
    /// Writes a message about the session, one or more whole lines.
    public var note: (String) -> Void
    /// Colours a piece of text.
    public var paint: (String, Role) -> String
    /// Lays rows out in columns.
    public var table: (_ columns: [String], _ rows: [[String]]) -> String
    /// The columns that a text takes.
    public var width: (String) -> Int = { $0.count }
    /// The text of a cell's value; nil for the general form.
    public var display: (LuaValue) -> String?

    /// A view that writes through the given functions, by default without colours.
    public init(
        write: @escaping (String) -> Void, note: @escaping (String) -> Void,
        paint: @escaping (String, Role) -> String = { text, _ in text },
        table: @escaping ([String], [[String]]) -> String = { columns, rows in
            ([columns] + rows).map { $0.joined(separator: "  ") }.joined(separator: "\n")
        },
        display: @escaping (LuaValue) -> String? = { _ in nil }
    ) {
        (self.write, self.note, self.paint, self.table, self.display) = (write, note, paint, table, display)
    }
}

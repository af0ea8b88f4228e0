public import Display
public import LuaRuntime

/// How a notebook shows things; its owner decides where text goes and how it looks.
public struct NotebookView {
    /// What a piece of text is, for its colour.
    public enum Role: Sendable { case heading, error, place, hint, dim, good, warning }

    /// Writes what cells print.
    public var write: (String) -> Void
    /// Writes a message about the session, one or more whole lines.
    public var note: (String) -> Void
    /// Colours a piece of text.
    public var paint: (String, Role) -> String
    /// Lays rows out in columns.
    public var table: (_ columns: [String], _ rows: [[String]]) -> String
    /// Shows what cells display, and their results; nil writes it as plain text.
    public var show: ((_ value: DisplayValue, _ isResult: Bool) -> Void)?
    /// Shows why something failed, with its report; nil notes the report.
    public var showError: ((_ error: LuaError, _ report: String) -> Void)?
    /// Takes away what the cell has given so far, at once or with the next output; nil where nothing can be taken away.
    public var clear: ((_ waits: Bool) -> Void)?
    /// How many columns there are; as many as one likes where text is not shown on a terminal.
    public var columns: () -> Int = { .max }
    /// The columns that a text takes.
    public var width: (String) -> Int = { $0.count }

    /// A view that writes through the given functions, by default without colours
    /// and what is shown as plain text.
    public init(
        write: @escaping (String) -> Void, note: @escaping (String) -> Void,
        paint: @escaping (String, Role) -> String = { text, _ in text },
        table: @escaping ([String], [[String]]) -> String = { columns, rows in
            ([columns] + rows).map { $0.joined(separator: "  ") }.joined(separator: "\n")
        },
        show: ((DisplayValue, Bool) -> Void)? = nil
    ) {
        (self.write, self.note, self.paint, self.table, self.show) = (write, note, paint, table, show)
    }

    func display(_ value: DisplayValue, isResult: Bool) {
        if let show { show(value, isResult) } else { write(TextRenderer().text(value) + "\n") }
    }
}

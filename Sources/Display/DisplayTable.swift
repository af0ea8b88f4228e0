/// Rows of text under named columns.
public struct DisplayTable: Sendable, Equatable {
    /// The most rows that a table keeps; of more, the middle is left out.
    public static let rowLimit = 2000

    /// The header of each column.
    public let columns: [String]
    /// The cells, row by row; missing cells are empty.
    public let rows: [[String]]
    /// How many rows were left out, and after how many of `rows` they would stand.
    public let omitted: (count: Int, after: Int)

    /// A table of the given columns.
    public init(columns: [String], rows: [[String]]) {
        self.columns = columns
        let half = Self.rowLimit / 2
        let isLong = rows.count > Self.rowLimit
        self.rows = isLong ? rows.prefix(half) + rows.suffix(half) : rows
        omitted = isLong ? (rows.count - Self.rowLimit, half) : (0, 0)
    }

    func mapText(_ change: (String) -> String) -> DisplayTable {
        DisplayTable(columns: columns.map(change), rows: rows.map { $0.map(change) }, omitted: omitted)
    }

    private init(columns: [String], rows: [[String]], omitted: (count: Int, after: Int)) {
        (self.columns, self.rows, self.omitted) = (columns, rows, omitted)
    }

    /// Whether each column holds numbers alone, which then stand on the right.
    public var isNumeric: [Bool] {
        columns.indices.map { column in
            let cells = rows.lazy.map { $0.indices.contains(column) ? $0[column] : "" }.filter { !$0.isEmpty }
            return !cells.isEmpty && cells.allSatisfy { Double($0.hasSuffix("%") ? String($0.dropLast()) : $0) != nil }
        }
    }

    /// Whether both show the same.
    public static func == (left: DisplayTable, right: DisplayTable) -> Bool {
        left.columns == right.columns && left.rows == right.rows && left.omitted == right.omitted
    }
}

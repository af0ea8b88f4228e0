/// Where a row came from.
public struct RowLocation: Sendable, Equatable {
    /// The file, or nil for rows that a script handed over.
    public var file: String?
    /// What `number` counts, from 1.
    public var unit: Unit
    /// The line of the file, or the row of a document or list.
    public var number: Int

    /// What rows are counted by.
    public enum Unit: String, Sendable {
        /// Lines of a file.
        case line
        /// Rows of a document that is one JSON value, or of a list in memory.
        case row
    }

    /// A place in a file or list.
    public init(file: String?, unit: Unit, number: Int) {
        self.file = file
        self.unit = unit
        self.number = number
    }

    /// An error about this place.
    func error(_ message: String, hint: String? = nil) -> CookbookError {
        switch (file, unit) {
        case (let file?, .row): .data("row \(number): \(message)", file: file, hint: hint)
        default: .data(message, file: file, line: number, hint: hint)
        }
    }
}

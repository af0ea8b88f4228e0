import Foundation
public import JSON

/// Where rows come from: a file, or a list in memory.
public enum RowSource: Sendable {
    /// A file: one JSON object on each line, one JSON list, or a saved reply of the HF datasets server's `/rows`; plain or gzip.
    case file(String)
    /// Rows that a script hands over; `name` stands in reports.
    case values([JSONValue], name: String = "the list of rows")

    /// What this source is called in reports.
    public var name: String {
        switch self {
        case .file(let path): path
        case .values(_, let name): name
        }
    }
}

/// A row as it was found, before its shape is known.
struct RawRow {
    var value: JSONValue
    var location: RowLocation
    /// Whether the rows service left out part of the row.
    var isCut = false
}

extension RowSource {
    /// The rows as they were found. Throws `CookbookError.missingFile`, `.io`, or `.data` with file and line.
    func rawRows() throws(CookbookError) -> [RawRow] {
        switch self {
        case .values(let values, _):
            values.enumerated().map { index, value in
                RawRow(value: value, location: RowLocation(file: nil, unit: .row, number: index + 1))
            }
        case .file(let path): try Self.rows(of: DataFile.read(path), file: path)
        }
    }

    static func rows(of bytes: [UInt8], file: String) throws(CookbookError) -> [RawRow] {
        let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
        if text.starts(with: Array("PAR1".utf8)) {
            throw .data(
                "this is a Parquet file", file: file,
                hint: "convert it to JSON lines, for instance with Python's datasets: load_dataset(...).to_json(path)")
        }
        guard let first = text.firstIndex(where: { !isWhiteSpace($0) }) else {
            throw .emptyDataset("\(file) is empty", hint: "write one JSON object on each line")
        }
        if text[first] == UInt8(ascii: "[") { return try document(text, file: file) }
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var rows: [RawRow] = []
        for (index, line) in lines.enumerated() where !line.allSatisfy(isWhiteSpace) {
            let location = RowLocation(file: file, unit: .line, number: index + 1)
            if let value = try? JSONValue(parsing: Array(line)) {
                rows += try expand(value, at: location)
            } else if rows.isEmpty, (try? JSONValue(parsing: Array(text))) != nil {
                // One JSON value over many lines, as a saved reply or a pretty-printed file is.
                return try document(text, file: file)
            } else {
                throw location.error(notJSON(line), hint: "every line must be one JSON object")
            }
        }
        return rows
    }

    private static func document(_ text: ArraySlice<UInt8>, file: String) throws(CookbookError) -> [RawRow] {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: Array(text))
        } catch {
            throw .data(notJSON(text), file: file, line: error.line)
        }
        guard case .array(let values) = value else {
            return try expand(value, at: RowLocation(file: file, unit: .row, number: 1))
        }
        return values.enumerated().map { index, value in
            RawRow(value: value, location: RowLocation(file: file, unit: .row, number: index + 1))
        }
    }

    /// The rows inside of a reply of the rows service; any other value is a row itself.
    private static func expand(_ value: JSONValue, at location: RowLocation) throws(CookbookError) -> [RawRow] {
        if let message = value["error"]?.string, value["rows"] == nil, value["messages"] == nil, value["prompt"] == nil {
            throw location.error("this is an error reply of the rows service: \(message)", hint: "fetch it again")
        }
        guard let entries = value["rows"]?.array, entries.allSatisfy({ $0["row"] != nil }) else {
            return [RawRow(value: value, location: location)]
        }
        return entries.enumerated().map { index, entry in
            RawRow(
                value: entry["row"] ?? .null,
                location: RowLocation(file: location.file, unit: .row, number: index + 1),
                isCut: entry["truncated_cells"]?.array?.isEmpty == false)
        }
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
    }

    private static func notJSON(_ bytes: ArraySlice<UInt8>) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return "this is neither JSON nor UTF-8 text"
        }
        let shown = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard shown.count > 60 else { return "this is not JSON: \(shown)" }
        return "this is not JSON: it begins with \(shown.prefix(30)) and ends with \(shown.suffix(20))"
    }
}

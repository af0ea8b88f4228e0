import Foundation

/// Files of one JSON object per line that only grow. Every line is on disk when `append` returns; a last line that a
/// killed process left half written is no row.
enum JSONLines {
    /// Adds a line and waits until the disk has it.
    static func append(_ line: String, to path: String) throws {
        do {
            if !FileManager.default.fileExists(atPath: path) {
                try Data().write(to: URL(fileURLWithPath: path))
            }
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            defer { try? file.close() }
            try file.seekToEnd()
            try file.write(contentsOf: Data((line + "\n").utf8))
            try file.synchronize()
        } catch {
            throw CookbookError.io("cannot write \(path): \(error.localizedDescription)")
        }
    }

    /// The rows of a file; none if there is no file. Throws `CookbookError.data` for a bad line other than a torn last
    /// one.
    static func read<Row: Decodable>(
        _ type: Row.Type, from path: String, keys: JSONDecoder.KeyDecodingStrategy = .convertFromSnakeCase
    ) throws -> [Row] {
        try scan(type, path: path, keys: keys).rows
    }

    /// Cuts a torn last line off, so that the next one does not continue it.
    static func repair(_ path: String) throws {
        let (_, valid, total) = try scan([String: AnyValue].self, path: path, keys: .useDefaultKeys)
        guard valid < total else { return }
        do {
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            defer { try? file.close() }
            try file.truncate(atOffset: UInt64(valid))
            try file.synchronize()
        } catch {
            throw CookbookError.io("cannot repair \(path): \(error.localizedDescription)")
        }
    }

    /// Replaces a whole file at once: readers see the old lines or the new ones.
    static func replace(_ path: String, with lines: [String]) throws {
        try write(Data(lines.map { $0 + "\n" }.joined().utf8), to: path)
    }

    /// Replaces a whole file at once.
    static func write(_ data: Data, to path: String) throws {
        do {
            try data.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CookbookError.io("cannot write \(path): \(error.localizedDescription)")
        }
    }

    /// One value as a line, keys sorted and in snake case.
    static func line(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func scan<Row: Decodable>(
        _ type: Row.Type, path: String, keys: JSONDecoder.KeyDecodingStrategy
    ) throws -> (rows: [Row], valid: Int, total: Int) {
        guard let data = FileManager.default.contents(atPath: path) else { return ([], 0, 0) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = keys
        var rows: [Row] = []
        var start = data.startIndex
        var line = 0
        while start < data.endIndex {
            line += 1
            let newline = data[start...].firstIndex(of: UInt8(ascii: "\n"))
            let end = newline ?? data.endIndex
            let isLast = newline == nil || end + 1 == data.endIndex
            do {
                if newline == nil { throw CookbookError.data("the line has no end") }
                rows.append(try decoder.decode(type, from: data[start..<end]))
            } catch {
                if isLast { return (rows, start - data.startIndex, data.count) }
                throw CookbookError.data(
                    "expected a JSON object of this run's format", file: path, line: line,
                    hint: "the file was changed by hand or by a broken disk: repair the line, or use another log_path")
            }
            start = end + 1
        }
        return (rows, data.count, data.count)
    }

    /// Any JSON value, read for its form alone.
    private struct AnyValue: Decodable {
        init(from decoder: any Decoder) throws {}
    }
}

import Foundation

/// Unpacks archives of adapters: the ustar format (POSIX.1-1988), plain files alone.
struct TarArchive {
    /// What is wrong with an archive.
    struct Damage: Error, CustomStringConvertible {
        let description: String
    }

    private static let blockSize = 512
    private static let partSize = 1 << 20

    private let input: FileHandle

    /// An archive that is read from its beginning.
    init(_ input: FileHandle) { self.input = input }

    /// Writes all files below a folder. Names that lead out of it, and links, are refused.
    func unpack(into folder: URL) throws {
        var files = 0
        while let header = try block(), !header.allSatisfy({ $0 == 0 }) {
            guard Self.hasRightChecksum(header) else { throw Damage(description: "a header is damaged, or it is no tar archive") }
            guard let size = Self.number(header[124..<136]) else { throw Damage(description: "the size of a file is damaged") }
            switch header[156] {
            case 0, UInt8(ascii: "0"):
                try copy(size, to: try Self.place(of: Self.name(header), in: folder))
                files += 1
            // Folders and attributes.
            case UInt8(ascii: "5"), UInt8(ascii: "x"), UInt8(ascii: "g"): try copy(size, to: nil)
            case let kind:
                throw Damage(
                    description: "'\(Self.name(header))' is of the kind '\(Unicode.Scalar(kind))', and only plain files are unpacked")
            }
        }
        if files == 0 { throw Damage(description: "there is no file in the archive") }
    }

    /// The next block; nil at the end.
    private func block() throws -> [UInt8]? {
        let block = Array(try input.read(upToCount: Self.blockSize) ?? Data())
        if block.isEmpty { return nil }
        guard block.count == Self.blockSize else { throw Damage(description: "it breaks off") }
        return block
    }

    /// Copies so many bytes, and skips the padding behind them.
    private func copy(_ size: Int, to file: URL?) throws {
        var output: FileHandle?
        if let file {
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data().write(to: file)
            output = try FileHandle(forWritingTo: file)
        }
        var left = (size + Self.blockSize - 1) / Self.blockSize * Self.blockSize
        var wanted = size
        while left > 0 {
            guard let part = try input.read(upToCount: min(left, Self.partSize)), !part.isEmpty else {
                throw Damage(description: "it breaks off")
            }
            left -= part.count
            try output?.write(contentsOf: part.prefix(wanted))
            wanted = max(wanted - part.count, 0)
        }
        try output?.close()
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field.prefix { $0 != 0 }, as: UTF8.self) }

    private static func name(_ header: [UInt8]) -> String {
        let prefix = header[257..<262].elementsEqual("ustar".utf8) ? text(header[345..<500]) : ""
        return (prefix.isEmpty ? "" : prefix + "/") + text(header[0..<100])
    }

    private static func place(of name: String, in folder: URL) throws -> URL {
        let parts = name.split(separator: "/").filter { $0 != "." }
        guard !name.hasPrefix("/"), !parts.isEmpty, !parts.contains("..") else {
            throw Damage(description: "'\(name)' would be written outside of the folder")
        }
        return parts.reduce(folder) { $0.appending(path: String($1)) }
    }

    /// Octal digits; nil for anything else, and for what no file can have.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        let digits = text(field).trimmingCharacters(in: .whitespaces)
        guard let value = digits.isEmpty ? 0 : Int(digits, radix: 8), (0...(1 << 40)).contains(value) else { return nil }
        return value
    }

    private static func hasRightChecksum(_ header: [UInt8]) -> Bool {
        let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        return number(header[148..<156]) == sum
    }
}

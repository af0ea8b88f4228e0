import Foundation

/// An adapter as one file for download: a tar archive (POSIX ustar) with the two files that PEFT reads and the mark that Tinker's
/// archives have.
enum AdapterArchive {
    /// The files of an adapter.
    static let fileNames = ["adapter_config.json", "adapter_model.safetensors"]

    /// The archive of a checkpoint's folder.
    static func tar(_ folder: URL, _ time: Date) throws -> [UInt8] {
        var archive: [UInt8] = []
        for name in fileNames { append(name, Array(try Data(contentsOf: folder.appending(path: name))), time, to: &archive) }
        append("checkpoint_complete", [], time, to: &archive)
        archive += [UInt8](repeating: 0, count: 1024)
        return archive
    }

    private static func append(_ name: String, _ contents: [UInt8], _ time: Date, to archive: inout [UInt8]) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) { header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8) }
        func octal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(name, at: 0)
        put(octal(0o644, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(contents.count, 11), at: 124)
        put(octal(Int(time.timeIntervalSince1970), 11), at: 136)
        put("        0", at: 148)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
        archive += header + contents + [UInt8](repeating: 0, count: (512 - contents.count % 512) % 512)
    }
}

public import Foundation

/// Entries of earlier sessions, each preceded by a line `#SECONDS`, so that entries of several lines stay whole.
public struct HistoryFile: Sendable {
    /// Where the entries are kept.
    public let file: URL
    /// How many are kept.
    public let limit: Int

    /// A history in a file that may not exist yet.
    public init(file: URL, limit: Int = 10_000) {
        (self.file, self.limit) = (file, limit)
    }

    /// The state folder of this program: `$XDG_STATE_HOME/rlhf-repl`, by default under `~/.local/state`.
    public static func stateFolder(environment: [String: String]) -> URL {
        let base =
            environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? URL(filePath: $0) : nil }
            ?? URL(filePath: environment["HOME"] ?? "/tmp").appending(path: ".local/state")
        return base.appending(path: "rlhf-repl")
    }

    /// The entries, oldest first, the last of equal ones only. A file with many superseded entries is rewritten.
    public func load() throws -> [String] {
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let all = Self.parse(text)
        let kept = Self.deduplicated(all, limit: limit)
        if all.count > kept.count + limit / 10 {
            try Data(kept.map { Self.record($0, time: 0) }.joined().utf8).write(to: file, options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        }
        return kept
    }

    /// Adds an entry at the end, in one write, so that several sessions can share the file.
    public func append(_ entry: String, time: Int = Int(Date().timeIntervalSince1970)) throws {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let descriptor = unsafe open(file.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: file.path])
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data(Self.record(entry, time: time).utf8))
    }

    /// The entries of a history file's text. Lines before the first time stamp are an entry each.
    public static func parse(_ text: String) -> [String] {
        var entries: [String] = []
        var current: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.count > 1, line.first == "#", line.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber }) {
                if let current { entries.append(current.joined(separator: "\n")) }
                current = []
            } else if current != nil {
                current?.append(line)
            } else if !line.isEmpty {
                entries.append(String(line))
            }
        }
        if var current {
            if current.last?.isEmpty == true { current.removeLast() }
            entries.append(current.joined(separator: "\n"))
        }
        return entries.filter { !$0.isEmpty }
    }

    /// The last of equal entries only, and the last `limit` of those.
    public static func deduplicated(_ entries: [String], limit: Int) -> [String] {
        var seen: Set<String> = []
        var kept: [String] = []
        for entry in entries.reversed() where kept.count < limit && seen.insert(entry).inserted { kept.append(entry) }
        return kept.reversed()
    }

    private static func record(_ entry: String, time: Int) -> String { "#\(time)\n\(entry)\n" }
}

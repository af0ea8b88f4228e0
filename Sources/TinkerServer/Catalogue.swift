import Foundation
import Synchronization
import TinkerWire
import TrainingAPI

/// The checkpoints that clients have saved, by the paths that they know. Kept in a file, so that a client can go on from a path
/// after the server has been started again; each change writes the file whole or not at all.
final class Catalogue: Sendable {
    private let file: URL?
    private let folder: URL?
    private let records: Mutex<[String: CheckpointRecord]>

    /// Reads the file, if there is one. `folder` is where the service keeps the files of checkpoints.
    init(file: URL?, folder: URL?) throws {
        self.file = file
        self.folder = folder
        var known: [String: CheckpointRecord] = [:]
        if let file, FileManager.default.fileExists(atPath: file.path) {
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .iso8601
            for record in try decoder.decode([CheckpointRecord].self, from: Data(contentsOf: file)) {
                known[record.path] = record
            }
        }
        records = Mutex(known)
    }

    /// All checkpoints, the newest first.
    var all: [CheckpointRecord] {
        records.withLock { Array($0.values) }.sorted { ($1.time, $1.path) < ($0.time, $0.path) }
    }

    /// The checkpoint of a path.
    subscript(path: String) -> CheckpointRecord? { records.withLock { $0[path] } }

    /// The path that the service knows; one that was saved in another way stands for itself.
    func servicePath(of path: String) -> String { self[path]?.servicePath ?? path }

    /// Remembers a checkpoint.
    func add(_ record: CheckpointRecord) throws { try change { $0[record.path] = record } }

    /// Changes what is known of a checkpoint. False if there is none.
    func update(_ path: String, _ body: (inout CheckpointRecord) -> Void) throws -> Bool {
        try change { records in
            guard var record = records[path] else { return false }
            body(&record)
            records[path] = record
            return true
        }
    }

    /// Forgets a checkpoint and removes its files. False if there is none.
    func remove(_ path: String) throws -> Bool {
        guard let record = try change({ $0.removeValue(forKey: path) }) else { return false }
        // Another name may stand for the same files.
        let isShared = records.withLock { $0.values.contains { $0.servicePath == record.servicePath } }
        if !isShared, let folder = files(of: record) { try FileManager.default.removeItem(at: folder) }
        return true
    }

    /// Removes the checkpoints whose time is over.
    func sweep(_ now: Date) throws {
        for record in all where record.expires.map({ $0 <= now }) ?? false { _ = try remove(record.path) }
    }

    /// The folder with a checkpoint's files, if they are on this machine.
    func files(of record: CheckpointRecord) -> URL? {
        guard let folder, let path = Wire.CheckpointPath(record.servicePath), let kind = path.kind else { return nil }
        let url = folder.appending(path: path.run).appending(path: kind.rawValue).appending(path: path.name)
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }

    /// The bytes of a checkpoint's files, if they are on this machine.
    func size(of record: CheckpointRecord) -> Int? {
        guard let folder = files(of: record) else { return nil }
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.fileSizeKey])
        return files?.reduce(0) { sum, file in
            sum + ((try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0)
        }
    }

    private func change<Value>(_ body: (inout [String: CheckpointRecord]) -> Value) throws -> Value {
        try records.withLock { records in
            var changed = records
            let value = body(&changed)
            if let file {
                let encoder = JSONEncoder()
                encoder.dateEncodingStrategy = .iso8601
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try encoder.encode(changed.values.sorted { $0.path < $1.path }).write(to: file, options: .atomic)
            }
            records = changed
            return value
        }
    }
}

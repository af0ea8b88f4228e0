import Foundation
import JSON

/// What to do when a run's folder already holds a run.
public enum LogDirPolicy: String, Sendable, CaseIterable, Codable {
    /// Go on from its last checkpoint.
    case resume
    /// Remove it and start anew.
    case delete
    /// Refuse.
    case raise
}

/// A run's folder, in the Python cookbook's layout: `config.json`, `metrics.jsonl`, `checkpoints.jsonl` and a folder
/// of rollouts for each iteration. Whole files are replaced atomically; lines are on disk when they have been added.
public struct RunDirectory: Sendable {
    /// The folder.
    public let path: String

    /// A run's folder; nothing is made or read. `~` stands for the user's home.
    public init(path: String) { self.path = (path as NSString).expandingTildeInPath }

    /// The path of a file in the folder.
    public func file(_ name: String) -> String { path + "/" + name }

    /// Whether a run was started here.
    public var holdsRun: Bool { FileManager.default.fileExists(atPath: file("config.json")) }

    /// Waits until a call that was cancelled has brought its step to an end and saved a checkpoint here.
    public func settle() async { await FoldersAtWork.settle(path) }

    /// Makes the folder, if need be.
    public func create() throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CookbookError.io(
                "cannot make the run's folder \(path): \(error.localizedDescription)", hint: "choose another log_path")
        }
    }

    /// Removes what a run left here, and nothing else that may lie in the folder.
    public func removeRun() throws {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return }
        let files = ["config.json", "metrics.jsonl", "checkpoints.jsonl", PreferenceModelCard.fileName]
        for name in names
        where files.contains(name) || name.hasPrefix("metrics.jsonl.pre_resume_") || name.hasPrefix("iteration_") {
            do {
                try FileManager.default.removeItem(atPath: file(name))
            } catch {
                throw CookbookError.io("cannot remove \(file(name)): \(error.localizedDescription)")
            }
        }
    }

    /// Writes `config.json`.
    public func write(config: some Encodable) throws {
        try JSONLines.write(try Self.json(config), to: file("config.json"))
    }

    /// The names of settings that differ from those in `config.json`: a resumed run then no longer equals an
    /// uninterrupted one.
    func changedSettings(to config: some Encodable) throws -> [String] {
        guard let data = FileManager.default.contents(atPath: file("config.json")),
            let old = try? JSONValue(parsing: Array(data)).object,
            let new = try JSONValue(parsing: Array(Self.json(config))).object
        else { return [] }
        return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] && $0 != "log_path" }.sorted()
    }

    private static func json(_ config: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try encoder.encode(config)
    }

    /// The rows of `metrics.jsonl`.
    public func metrics() throws -> Metrics {
        Metrics(rows: try JSONLines.read(Metrics.Row.self, from: file("metrics.jsonl"), keys: .useDefaultKeys))
    }

    /// Adds a row to `metrics.jsonl`.
    public func append(_ row: Metrics.Row) throws {
        try JSONLines.append(row.line, to: file("metrics.jsonl"))
    }

    /// The lines of `checkpoints.jsonl`.
    public func checkpoints() throws -> [CheckpointRecord] {
        try JSONLines.read(CheckpointRecord.self, from: file("checkpoints.jsonl"))
    }

    /// Adds a line to `checkpoints.jsonl`.
    public func append(_ record: CheckpointRecord) throws {
        try JSONLines.append(try JSONLines.line(record), to: file("checkpoints.jsonl"))
    }

    /// Makes the files end where a checkpoint stands: cuts torn lines, and metrics of steps that will be taken again.
    /// What is cut stays in `metrics.jsonl.pre_resume_NNNNNN`.
    public func rewind(toStep step: Int) throws {
        try JSONLines.repair(file("checkpoints.jsonl"))
        try JSONLines.repair(file("metrics.jsonl"))
        let rows = try metrics().rows
        let kept = rows.filter { $0.step < step }
        guard kept.count < rows.count else { return }
        let backup = file("metrics.jsonl.pre_resume_" + Self.sixDigits(step))
        try JSONLines.replace(backup, with: rows.map(\.line))
        try JSONLines.replace(file("metrics.jsonl"), with: kept.map(\.line))
    }

    /// Replaces a file of lines in the folder of an iteration.
    func write(lines: [String], iteration: Int, name: String) throws {
        let folder = RunDirectory(path: file("iteration_" + Self.sixDigits(iteration)))
        try folder.create()
        try JSONLines.replace(folder.file(name), with: lines)
    }

    /// A step as checkpoints and iterations are named.
    static func sixDigits(_ step: Int) -> String {
        let digits = String(step)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}

public import Foundation
import JSON

/// What a run's folder says of it, without opening the run.
public struct RunSummary: Sendable, Equatable {
    /// The run's folder.
    public let path: String
    /// `supervised`, `preference`, `dpo` or `rl`; nil before the first checkpoint.
    public let stage: String?
    /// The base model; nil if the folder does not say.
    public let modelName: String?
    /// Every checkpoint, the oldest first.
    public let checkpoints: [CheckpointRecord]
    /// What was measured.
    public let metrics: Metrics
    /// When something was last measured or saved.
    public let changed: Date

    /// The steps that have been taken.
    public var steps: Int {
        let measured = metrics.rows.last { $0.values["progress/batch"] != nil }.map { $0.step + 1 }
        return max(checkpoints.last?.nextStep ?? 0, measured ?? 0)
    }

    /// Whether the run has come to its end.
    public var isFinished: Bool { checkpoints.last?.final == true }

    /// Reads a run's folder. Throws `CookbookError` for files that cannot be read.
    public init(_ directory: RunDirectory) throws {
        path = directory.path
        let config = FileManager.default.contents(atPath: directory.file("config.json"))
        modelName = config.flatMap { try? JSONValue(parsing: Array($0)).object?["model_name"]?.string }
        checkpoints = try directory.checkpoints()
        metrics = try directory.metrics()
        stage = checkpoints.last?.stage
        changed =
            ["config.json", "metrics.jsonl", "checkpoints.jsonl"].compactMap { name in
                try? FileManager.default.attributesOfItem(atPath: directory.file(name))[.modificationDate] as? Date
            }.max() ?? .distantPast
    }

    /// The metric that tells most about a run of this stage, by name and latest value; nil before anything was measured.
    public var headline: (name: String, value: Double)? {
        let telling =
            switch stage {
            case "preference", "dpo": ["test/accuracy", "pair_accuracy", "accuracy", "loss"]
            case "rl": metrics.names.filter { $0.hasPrefix("win_rate/") } + ["env/all/reward/total"]
            default: ["test/nll", "train_mean_nll"]
            }
        for name in telling { if let value = metrics.last(name) { return (name, value) } }
        return nil
    }

    /// All runs in a folder and the folders in it, the latest first. Throws `CookbookError` where there is no such folder.
    public static func all(in folder: String) throws -> [RunSummary] {
        let root = URL(filePath: RunDirectory(path: folder).path)
        guard let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil),
            (try? root.checkResourceIsReachable()) == true
        else {
            throw CookbookError.io("there is no folder \(root.relativePath)", hint: "runs are kept in runs, or where --log-dir says")
        }
        var folders = RunDirectory(path: root.path).holdsRun ? [root.path] : []
        for case let file as URL in files {
            if file.lastPathComponent.hasPrefix("iteration_") {
                files.skipDescendants()
            } else if RunDirectory(path: file.path).holdsRun {
                folders.append(file.path)
            }
        }
        return try folders.map { try RunSummary(RunDirectory(path: $0)) }.sorted { ($1.changed, $0.path) < ($0.changed, $1.path) }
    }
}

import Foundation
import TrainingAPI

extension CheckpointStore {
    /// A run and its checkpoints, the newest first.
    struct RunListing {
        let run: String
        let checkpoints: [Checkpoint]
    }

    /// All runs of which there are checkpoints, the one with the newest first.
    var runs: [RunListing] {
        Self.names(root).map { run in
            let checkpoints = [CheckpointPath.Kind.weights, .samplerWeights].flatMap { kind in
                let folder = root.appending(path: run).appending(path: kind.rawValue)
                return Self.names(folder).compactMap { Self.checkpoint(run, kind, $0, folder.appending(path: $0)) }
            }
            return RunListing(run: run, checkpoints: checkpoints.sorted { $0.time > $1.time })
        }
        .filter { !$0.checkpoints.isEmpty }
        .sorted { $0.checkpoints[0].time > $1.checkpoints[0].time }
    }

    /// Removes a checkpoint, and the run's folder with its last one.
    func delete(_ text: String) throws {
        let path = try CheckpointPath(text)
        let run = root.appending(path: path.run)
        let folder = run.appending(path: path.kind.rawValue).appending(path: path.name)
        guard FileManager.default.fileExists(atPath: folder.path) else { throw TrainingError.checkpointNotFound(text) }
        do {
            try FileManager.default.removeItem(at: folder)
            if !runs.contains(where: { $0.run == path.run }) { try FileManager.default.removeItem(at: run) }
        } catch { throw TrainingError.io("cannot delete \(text) in \(root.path): \(error.localizedDescription)") }
    }

    private static func names(_ folder: URL) -> [String] {
        // A folder that is not there has nothing in it; what begins with a dot is being written.
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
    }

    private static func checkpoint(_ run: String, _ kind: CheckpointPath.Kind, _ name: String, _ folder: URL) -> Checkpoint? {
        guard let path = try? CheckpointPath(run: run, kind: kind, name: name) else { return nil }
        let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: Array(keys))) ?? []
        let values = files.compactMap { try? $0.resourceValues(forKeys: keys) }
        guard let time = values.compactMap(\.contentModificationDate).max() else { return nil }
        return Checkpoint(
            id: "\(kind.rawValue)/\(name)", type: kind == .weights ? "training" : "sampler",
            time: time.formatted(.iso8601), path: path.description, sizeBytes: values.compactMap(\.fileSize).reduce(0, +))
    }
}

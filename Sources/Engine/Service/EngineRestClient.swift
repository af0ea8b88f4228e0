import Foundation
import ModelFiles
import TrainingAPI

/// The runs and checkpoints in the engine's folder. Nothing is published from there, and nothing expires.
struct EngineRestClient: RestClient {
    let store: CheckpointStore

    func trainingRuns(limit: Int, offset: Int) -> Future<[TrainingRun]> {
        Future { [self] in Array(store.runs.map(run).dropFirst(max(offset, 0)).prefix(max(limit, 0))) }
    }

    func trainingRun(_ id: String) -> Future<TrainingRun> {
        Future { [self] in
            guard let listing = store.runs.first(where: { $0.run == id }) else {
                throw TrainingError.io("there is no training run '\(id)' in \(store.root.path)")
            }
            return run(listing)
        }
    }

    func checkpoints(ofRun id: String) -> Future<[Checkpoint]> {
        Future { [self] in store.runs.first { $0.run == id }?.checkpoints ?? [] }
    }

    func checkpoints(limit: Int, offset: Int) -> Future<[Checkpoint]> {
        Future { [self] in
            let all = store.runs.flatMap(\.checkpoints).sorted { $0.time > $1.time }
            return Array(all.dropFirst(max(offset, 0)).prefix(max(limit, 0)))
        }
    }

    func weightsInfo(path: String) -> Future<WeightsInfo> {
        Future { [self] in
            let checkpoint = try store.load(path, withOptimizer: false)
            return WeightsInfo(baseModel: checkpoint.baseModel, loraRank: checkpoint.config.rank)
        }
    }

    func deleteCheckpoint(path: String) -> Future<Void> {
        Future { [self] in try store.delete(path) }
    }

    func setPublished(_ isPublic: Bool, path: String) -> Future<Void> { refusal("published", "copy the files of its adapter") }

    func setTimeToLive(seconds: Int?, path: String) -> Future<Void> {
        refusal("deleted after a time", "delete_checkpoint_from_tinker_path deletes it now")
    }

    private func refusal(_ what: String, _ hint: String) -> Future<Void> {
        Future(.failure(TrainingError.usage("the embedded engine's checkpoints cannot be \(what)", hint: hint)))
    }

    func download(
        path: String, to folder: String, progress: @escaping @Sendable (_ done: Int, _ total: Int?) -> Void
    ) -> Future<DownloadedCheckpoint> {
        Future { [self] in
            let target = URL(filePath: NSString(string: folder).expandingTildeInPath)
            guard !FileManager.default.fileExists(atPath: target.path) else {
                throw TrainingError.usage("\(target.path) is there already", hint: "name a folder that does not exist yet")
            }
            let adapter = try store.load(path, withOptimizer: false).adapter
            try adapter.write(to: target.path)
            let files = try FileManager.default.contentsOfDirectory(atPath: target.path).sorted().map { name in
                let data = try Data(contentsOf: target.appending(path: name), options: .alwaysMapped)
                return DownloadedCheckpoint.File(name: name, bytes: data.count, sha256: SHA256.hex(of: data))
            }
            return DownloadedCheckpoint(folder: target.path, files: files, archiveSHA256: nil)
        }
    }

    private func run(_ listing: CheckpointStore.RunListing) -> TrainingRun {
        let newest = listing.checkpoints.first
        // A checkpoint that cannot be read is a run that cannot be used.
        let checkpoint = newest.flatMap { try? store.load($0.path, withOptimizer: false) }
        return TrainingRun(
            id: listing.run, baseModel: checkpoint?.baseModel ?? "", loraRank: checkpoint?.config.rank,
            lastRequestTime: newest?.time ?? "", isCorrupted: checkpoint == nil,
            lastCheckpoint: listing.checkpoints.first { $0.type == "training" },
            lastSamplerCheckpoint: listing.checkpoints.first { $0.type == "sampler" })
    }
}

public import TrainingAPI

extension FakeService {
    /// A client that lists the disk and grants every wish.
    public var restClient: (any RestClient)? { FakeRestClient(disk: disk) }
}

private struct FakeRestClient: RestClient {
    let disk: FakeService.Disk

    private var all: [Checkpoint] {
        disk.paths.map { path in
            let parts = path.split(separator: "/").dropFirst(2).map(String.init)
            return Checkpoint(
                id: parts.joined(separator: "/"), type: parts.first == "weights" ? "training" : "sampler",
                time: "2026-01-01T00:00:00Z", path: path, sizeBytes: 1)
        }
    }

    private func run(_ id: String) -> TrainingRun {
        TrainingRun(id: id, baseModel: FakeService.modelName, loraRank: 4, lastRequestTime: "2026-01-01T00:00:00Z")
    }

    private func done<Value: Sendable>(_ value: Value) -> Future<Value> {
        let future = Future<Value>()
        future.resolve(.success(value))
        return future
    }

    func trainingRuns(limit: Int, offset: Int) -> Future<[TrainingRun]> { done([run("run-1")]) }
    func trainingRun(_ id: String) -> Future<TrainingRun> { done(run(id)) }
    func checkpoints(ofRun id: String) -> Future<[Checkpoint]> { done(all) }
    func checkpoints(limit: Int, offset: Int) -> Future<[Checkpoint]> { done(Array(all.dropFirst(offset).prefix(limit))) }
    func weightsInfo(path: String) -> Future<WeightsInfo> { done(WeightsInfo(baseModel: FakeService.modelName, loraRank: 4)) }
    func deleteCheckpoint(path: String) -> Future<Void> { done(()) }
    func setPublished(_ isPublic: Bool, path: String) -> Future<Void> { done(()) }
    func setTimeToLive(seconds: Int?, path: String) -> Future<Void> { done(()) }
    func download(
        path: String, to folder: String, progress: @escaping @Sendable (_ done: Int, _ total: Int?) -> Void
    ) -> Future<DownloadedCheckpoint> {
        done(DownloadedCheckpoint(folder: folder, files: [], archiveSHA256: nil))
    }
}

import Cookbook
import Foundation
import TestSupport
import Testing

/// What the folders of runs say.
struct RunSummaryTests {
    private let folder = ScratchFolder.url.appending(path: "runs-\(UUID().uuidString)")

    private func run(_ name: String, rows: [Metrics.Row] = [], checkpoints: [CheckpointRecord] = []) throws -> RunDirectory {
        let directory = RunDirectory(path: folder.appending(path: name).path)
        try directory.create()
        try directory.write(config: ["model_name": "tiny"])
        for row in rows { try directory.append(row) }
        for record in checkpoints { try directory.append(record) }
        return directory
    }

    private func step(_ number: Int, _ values: [String: Double]) -> Metrics.Row {
        Metrics.Row(step: number, values: values.merging(["progress/batch": Double(number)]) { $1 })
    }

    @Test("steps are those that were taken, saved or not; the headline is the stage's most telling metric that was measured")
    func summary() throws {
        let begun = try RunSummary(run("begun"))
        #expect(begun.steps == 0 && !begun.isFinished && begun.stage == nil && begun.headline == nil && begun.modelName == "tiny")
        let saved = CheckpointRecord(name: "000002", nextStep: 2, epoch: 0, statePath: "tinker://r/weights/000002", stage: "supervised")
        let going = try RunSummary(
            run(
                "going", rows: [step(0, ["train_mean_nll": 3]), step(1, ["train_mean_nll": 2]), step(2, ["train_mean_nll": 1])],
                checkpoints: [saved]))
        #expect(going.steps == 3 && !going.isFinished)
        #expect(going.headline?.name == "train_mean_nll" && going.headline?.value == 1)
        let final = CheckpointRecord(
            name: "final", nextStep: 2, epoch: 1, final: true, samplerPath: "tinker://r/sampler_weights/final", stage: "rl")
        let rows = [step(0, ["env/all/reward/total": 0.5]), step(1, [:]), Metrics.Row(step: 2, values: ["win_rate/sft": 0.75])]
        let finished = try RunSummary(run("finished", rows: rows, checkpoints: [final]))
        #expect(finished.steps == 2 && finished.isFinished && finished.checkpoints == [final])
        #expect(finished.headline?.name == "win_rate/sft" && finished.headline?.value == 0.75)
    }

    @Test("runs are found in folders of folders, but not in those of iterations; a folder that is not there is an error")
    func list() throws {
        for name in ["a", "deep/pipeline/sft", "a/iteration_000001"] { _ = try run(name) }
        try FileManager.default.createDirectory(at: folder.appending(path: "empty"), withIntermediateDirectories: true)
        let names = try RunSummary.all(in: folder.path).map { URL(filePath: $0.path).lastPathComponent }
        #expect(Set(names) == ["a", "sft"])
        #expect(try RunSummary.all(in: folder.appending(path: "empty").path).isEmpty)
        #expect(throws: CookbookError.self) { try RunSummary.all(in: folder.appending(path: "none").path) }
    }
}

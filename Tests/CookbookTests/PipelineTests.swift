import Cookbook
import Foundation
import TestSupport
import Testing
import TrainingAPI

@Suite("The pipeline")
struct PipelineTests {
    private let data = Pipeline.Data(
        conversations: Fixtures.conversations, testConversations: Fixtures.conversations,
        preferences: PreferenceData(train: Fixtures.comparisons, test: Fixtures.comparisons))

    private func config(_ path: String) -> PipelineConfig {
        var config = PipelineConfig(logPath: path, modelName: "toy", rendererName: "chatml", maxTokens: 6)
        config.sft.run = Fixtures.settings("", epochs: 1)
        config.rm.run = Fixtures.settings("", epochs: 2)
        config.rl.run = Fixtures.settings("", epochs: 1)
        config.sft.batchSize = 2
        config.rm.batchSize = 4
        config.groupsPerBatch = 4
        config.groupSize = 2
        return config
    }

    @Test("runs the three stages, each on what the one before left")
    func whole() async throws {
        let folder = try TemporaryFolder()
        let disk = FakeService.Disk()
        let result = try await Pipeline.run(config(folder.path), data: data, service: FakeService(disk: disk))
        #expect(result.sftCheckpoint.final == true)
        #expect(result.rmCheckpoint.final == true)
        let metrics = try #require(await result.rl?.metrics)
        #expect(metrics["win_rate/sft"]?.first == 0.5)
        #expect(metrics.last("win_rate/sft") != nil)
        #expect(metrics.last("win_rate/reference") != nil)

        // Called again it finds everything done.
        let service = FakeService(disk: disk)
        _ = try await Pipeline.run(config(folder.path), data: data, service: service)
        #expect(service.record.optimSteps == 0)
    }

    @Test("killed in the middle of a stage it goes on from its last checkpoint", arguments: ["sft", "rm", "rl"])
    func killed(stage: String) async throws {
        let folder = try TemporaryFolder()
        let whole = try await Pipeline.run(config(folder.file("whole")), data: data, service: FakeService())
        let disk = FakeService.Disk()
        let service = FakeService(disk: disk)
        // A NaN ends this process's work in the chosen stage: SFT has 3 steps, the preference model 6.
        let failing = ["sft": 3, "rl": 6][stage] ?? 0
        var cut = config(folder.file("cut"))
        cut.runRm = stage != "sft"
        cut.runRl = stage == "rl"
        if stage == "rm" {
            cut.runRl = false
            cut.rm.run.maxSteps = 3
        }
        service.plan { $0.nanAtForwardBackward = failing == 0 ? nil : failing }
        _ = try? await Pipeline.run(cut, data: data, service: service)
        let again = try await Pipeline.run(config(folder.file("cut")), data: data, service: FakeService(disk: disk))
        #expect(await again.rl?.isFinished == true)
        if stage != "rm" {
            #expect(
                Fixtures.untimed(try #require(await again.rl?.metrics))
                    == Fixtures.untimed(try #require(await whole.rl?.metrics)))
        }
    }

    @Test("a stage that is skipped must have run before")
    func missing() async throws {
        let folder = try TemporaryFolder()
        var config = config(folder.path)
        config.runSft = false
        let error = await #expect(throws: CookbookError.self) {
            try await Pipeline.run(config, data: data, service: FakeService())
        }
        #expect(error?.description.contains("a checkpoint of stage sft not found") == true)
        #expect(error?.hint == "run the stage first: run_sft = true")
    }

    @Test("smoke size takes one step of each stage")
    func smoke() async throws {
        let folder = try TemporaryFolder()
        let service = FakeService()
        var config = config(folder.path)
        config.smoke = true
        _ = try await Pipeline.run(config, data: data, service: service)
        #expect(service.record.optimSteps == 3)
    }
}

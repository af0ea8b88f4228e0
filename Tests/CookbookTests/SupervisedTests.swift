import Cookbook
import Foundation
import TestSupport
import Testing
import TrainingAPI

@Suite("Supervised training")
struct SupervisedTests {
    private func config(_ path: String, batchSize: Int = 2, ahead: Int = 0) -> SupervisedConfig {
        SupervisedConfig(run: Fixtures.settings(path), batchSize: batchSize, submitAhead: ahead)
    }

    @Test("lowers the loss of all test rows, evaluates the final weights and writes the run's files")
    func trains() async throws {
        let folder = try TemporaryFolder()
        let progress = RecordedProgress()
        let run = try await Supervised.train(
            config(folder.file("sft")), train: Fixtures.conversations, test: Fixtures.conversations,
            service: FakeService(), progress: progress)
        let metrics = await run.metrics
        #expect(metrics.steps == [0, 1, 2, 3, 4, 5, 6])
        let nll = try #require(metrics["test/nll"])
        #expect(nll.map { $0 != nil } == [true, false, true, false, true, false, true])
        #expect(try #require(nll[0]) > (#require(nll[6])) + 0.5)
        // An untrained toy model gives every one of its 259 tokens the same probability.
        #expect(abs(try #require(nll[0]) - log(259)) < 1e-5)
        let rates = try #require(metrics["learning_rate"]).compactMap { $0 }
        #expect(rates.first == 0.3)
        #expect(abs((rates.last ?? 0) - 0.3 / 6) < 1e-12)
        let record = try #require(try CheckpointUtils.getLastCheckpoint(folder.file("sft")))
        #expect(record.name == "final")
        #expect(record.final == true)
        #expect(record.nextStep == 6)
        #expect(record.samplerPath?.contains("/sampler_weights/final") == true)
        let names = try RunDirectory(path: folder.file("sft")).checkpoints().map(\.name)
        #expect(names == ["000002", "000004", "000006", "final"])
        let json = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: folder.file("sft/config.json"))))
        let object = try #require(json as? [String: Any])
        #expect(object["batch_size"] as? Int == 2)
        #expect(object["lr_schedule"] as? String == "linear")
        #expect(object["adam_beta1"] as? Double == 0.9)
        #expect(progress.allReports.last { $0.stage == "supervised" }?.done == 6)
    }

    @Test("a run that was killed goes on and equals the one that was not", arguments: [0, 1, 3])
    func resumes(ahead: Int) async throws {
        let folder = try TemporaryFolder()
        let whole = try await Supervised.train(
            config(folder.file("whole"), ahead: ahead), train: Fixtures.conversations, test: Fixtures.conversations,
            service: FakeService())
        let disk = FakeService.Disk()
        do {
            let first = try await Supervised.start(
                config(folder.file("cut"), ahead: ahead), train: Fixtures.conversations, test: Fixtures.conversations,
                service: FakeService(disk: disk))
            // The third step is in the weights of this process and in the metrics, but in no checkpoint.
            try await first.step(3)
        }
        // What a kill in the middle of a line leaves.
        let file = try #require(FileHandle(forWritingAtPath: folder.file("cut/metrics.jsonl")))
        try file.seekToEnd()
        try file.write(contentsOf: Data("{\"step\":3,\"train_me".utf8))
        try file.close()
        let second = try await Supervised.start(
            config(folder.file("cut"), ahead: ahead), train: Fixtures.conversations, test: Fixtures.conversations,
            service: FakeService(disk: disk))
        #expect(await second.nextStep == 2)
        try await second.trainToEnd()
        #expect(Fixtures.untimed(await second.metrics) == Fixtures.untimed(await whole.metrics))
        let written = try RunDirectory(path: folder.file("cut")).metrics()
        #expect(Fixtures.untimed(written) == Fixtures.untimed(await whole.metrics))
        #expect(FileManager.default.fileExists(atPath: folder.file("cut/metrics.jsonl.pre_resume_000002")))
    }

    @Test("a finished run that is started again has nothing left to do")
    func finished() async throws {
        let folder = try TemporaryFolder()
        let disk = FakeService.Disk()
        let first = try await Supervised.train(
            config(folder.file("sft")), train: Fixtures.conversations, service: FakeService(disk: disk))
        let service = FakeService(disk: disk)
        let again = try await Supervised.train(
            config(folder.file("sft")), train: Fixtures.conversations, service: service)
        #expect(await again.isFinished)
        #expect(service.record.optimSteps == 0)
        #expect(await again.metrics == (await first.metrics))
    }

    @Test("stepping shows the last batch and finishing early saves the weights")
    func steps() async throws {
        let folder = try TemporaryFolder()
        let run = try await Supervised.start(
            config(folder.file("sft")), train: Fixtures.conversations, service: FakeService())
        #expect(try await run.step() == 1)
        let batch = try #require(await run.last)
        #expect(batch.datums.count == 2)
        #expect(batch.logprobs.map(\.count) == batch.datums.map(\.modelInput.length))
        try await run.finish()
        #expect(await run.checkpoint?.name == "final")
        #expect(await run.checkpoint?.nextStep == 1)
    }

    @Test("a loss that is not a number stops the run and keeps the weights before it")
    func notFinite() async throws {
        let folder = try TemporaryFolder()
        let disk = FakeService.Disk()
        let service = FakeService(disk: disk)
        service.plan { $0.nanAtForwardBackward = 4 }
        let run = try await Supervised.start(
            config(folder.file("sft")), train: Fixtures.conversations, service: service)
        let error = await #expect(throws: StepFailure.self) { try await run.step(6) }
        #expect(error?.description == "supervised, step 3: the loss is not finite (NaN or infinity)")
        #expect(error?.hint?.contains("lower the learning rate") == true)
        #expect(service.record.optimSteps == 3)
        #expect(try CheckpointUtils.getLastCheckpoint(folder.file("sft"))?.nextStep == 3)
        await #expect(throws: CookbookError.self) { try await run.step() }
        let again = try await Supervised.train(
            config(folder.file("sft")), train: Fixtures.conversations, service: FakeService(disk: disk))
        #expect(await again.isFinished)
    }

    @Test("cancelling stops between two steps and saves a checkpoint first")
    func cancels() async throws {
        let folder = try TemporaryFolder()
        let run = try await Supervised.start(
            config(folder.file("sft")), train: Fixtures.conversations, service: FakeService())
        try await run.step(1)
        let task = Task {
            withUnsafeCurrentTask { unsafe $0?.cancel() }
            try await run.step(5)
        }
        await #expect(throws: CookbookError.cancelled) { try await task.value }
        #expect(try CheckpointUtils.getLastCheckpoint(folder.file("sft"))?.name == "000001")
        #expect(try await run.step(1) == 1)
    }

    @Test("bad settings and data are refused before anything is written")
    func refuses() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("sft")
        let service = FakeService()
        await #expect(throws: CookbookError.batchLargerThanData(batchSize: 7, rows: 6, what: "the training set")) {
            try await Supervised.start(config(path, batchSize: 7), train: Fixtures.conversations, service: service)
        }
        await #expect(throws: CookbookError.emptyDataset("the training set has no rows")) {
            try await Supervised.start(config(path), train: [], service: service)
        }
        await #expect(throws: CookbookError.self) {
            try await Supervised.start(config(path), train: [[.user("no reply")], [.user("x")]], service: service)
        }
        var unknown = config(path)
        unknown.run.modelName = "gpt-9"
        await #expect(throws: TrainingError.unknownModel("gpt-9", known: ["toy"])) {
            try await Supervised.start(unknown, train: Fixtures.conversations, service: service)
        }
        unknown = config(path)
        unknown.run.rendererName = "chatlm"
        await #expect(throws: CookbookError.self) {
            try await Supervised.start(unknown, train: Fixtures.conversations, service: service)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("the folder's policy decides what becomes of an earlier run")
    func policies() async throws {
        let folder = try TemporaryFolder()
        var config = config(folder.file("sft"))
        _ = try await Supervised.train(config, train: Fixtures.conversations, service: FakeService())
        config.run.behaviorIfLogDirExists = .raise
        await #expect(throws: CookbookError.self) {
            try await Supervised.start(config, train: Fixtures.conversations, service: FakeService())
        }
        config.run.behaviorIfLogDirExists = .delete
        let run = try await Supervised.start(config, train: Fixtures.conversations, service: FakeService())
        #expect(await run.nextStep == 0)
        #expect(await run.metrics.rows.isEmpty)
    }

    @Test("a folder of another kind of run is refused, and changed settings are told")
    func otherRuns() async throws {
        let folder = try TemporaryFolder()
        let disk = FakeService.Disk()
        var config = config(folder.file("sft"))
        try await Supervised.start(config, train: Fixtures.conversations, service: FakeService(disk: disk)).step(2)
        let preference = PreferenceConfig(run: config.run, batchSize: 4)
        await #expect(throws: CookbookError.self) {
            try await Preference.start(
                preference, data: PreferenceData(train: Fixtures.comparisons), service: FakeService(disk: disk))
        }
        config.run.learningRate = 0.1
        config.run.rendererName = nil
        let progress = RecordedProgress()
        // The renderer is not recommended for a model of no known family: it comes from the checkpoint.
        let run = try await Supervised.start(
            config, train: Fixtures.conversations, service: FakeService(disk: disk), progress: progress)
        #expect(run.renderer.name == "chatml")
        #expect(
            progress.allNotes.contains(
                "supervised: going on with other settings than before: learning_rate, renderer_name"))
    }

    @Test("learning-rate schedules over 37 steps")
    func schedules() {
        // Section 10.3 of the cookbook's description.
        func rounded(_ schedule: LearningRateSchedule, _ step: Int) -> Double {
            (schedule.multiplier(step: step, total: 37) * 1e6).rounded() / 1e6
        }
        #expect([0, 10, 36].map { rounded(.linear, $0) } == [1, 0.729730, 0.027027])
        #expect([0, 10, 36].map { rounded(.cosine, $0) } == [1, 0.830337, 0.001801])
        #expect([0, 10, 36].map { rounded(.constant, $0) } == [1, 1, 1])
    }
}

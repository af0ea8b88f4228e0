import Cookbook
import Foundation
import Tensors
import TestSupport
import Testing
import TrainingAPI

@Suite("Preference models")
struct PreferenceTests {
    private func config(_ path: String, kind: PreferenceModelKind = .bradleyTerry, epochs: Int = 4) -> PreferenceConfig {
        PreferenceConfig(run: Fixtures.settings(path, epochs: epochs), kind: kind, batchSize: 4)
    }

    private var data: PreferenceData {
        PreferenceData(
            train: Fixtures.comparisons, test: Fixtures.comparisons,
            testCategories: Fixtures.comparisons.indices.map { $0 < 6 ? "rude" : "padded" })
    }

    @Test("the Bradley–Terry loss of a margin, and its derivative")
    func loss() {
        // Section 10.3: s_c = -10, s_r = -12.5.
        #expect(abs(BradleyTerryLoss.loss(margin: 2.5).value - 0.078890) < 1e-6)
        #expect(abs(BradleyTerryLoss.loss(margin: 0).value - 0.693147) < 1e-6)
        #expect(BradleyTerryLoss.loss(margin: 0).derivative == -0.5)
        #expect(BradleyTerryLoss.loss(margin: -1000).value == 1000)
        #expect(BradleyTerryLoss.loss(margin: 1000).value == 0)
    }

    @Test(
        "the custom loss gives the same gradients with two targets at a position and with two datums",
        arguments: [true, false])
    func customLoss(multipleTargets: Bool) async throws {
        // Chosen: log p(A) = -1, log p(B) = -3; rejected: -2 and -1. Margin 2 - (-1) = 3.
        let logprobs: [Tensor] =
            multipleTargets
            ? [Tensor([0, 0, -1, -3], shape: [2, 2]), Tensor([0, 0, -2, -1], shape: [2, 2])]
            : [[0, -1], [0, -3], [0, -2], [0, -1]].map { Tensor($0.map { Float($0) }) }
        let datum = Datum(modelInput: ModelInput(tokens: [1, 2]), lossFnInputs: [:])
        let data = logprobs.map { _ in datum }
        let result = try await BradleyTerryLoss.customLoss(multipleTargets: multipleTargets)(data, logprobs)
        let expected = BradleyTerryLoss.loss(margin: 3)
        #expect(abs(result.loss - expected.value) < 1e-12)
        #expect(result.metrics["margin"] == 3)
        #expect(result.metrics["pair_accuracy"] == 1)
        let d = Float(expected.derivative)
        let wanted: [[Float]] =
            multipleTargets ? [[0, 0, d, -d], [0, 0, -d, d]] : [[0, d], [0, -d], [0, -d], [0, d]]
        #expect(result.gradients.map(\.floats) == wanted)
    }

    @Test("a Bradley–Terry model learns which replies are better and passes its gate", arguments: [true, false])
    func bradleyTerry(multipleTargets: Bool) async throws {
        let folder = try TemporaryFolder()
        let service = FakeService(multipleTargets: multipleTargets)
        let run = try await Preference.train(config(folder.file("rm")), data: data, service: service)
        let metrics = await run.metrics
        let firstLoss = try #require(metrics["loss"]?.compactMap { $0 }.first)
        #expect(abs(firstLoss - log(2)) < 1e-6)
        #expect(metrics.last("test/accuracy") == 1)
        #expect(metrics.last("test/order_agreement") == 1)
        #expect(metrics.last("test/accuracy/rude") == 1)
        let path = try #require(await run.checkpoint?.samplerPath)
        let model = try await TrainedPreferenceModel.open(samplerPath: path, service: service, roots: [folder.path])
        #expect(model.kind == .bradleyTerry)
        #expect(model.verdict?.passed == true)
        try model.requirePassed()
        let comparison = try #require(data.test.first).comparison
        let value = try await model.compare(comparison)
        #expect(value < 0)
        #expect(try await model.compare(comparison.swapped) == -value)
        let scores = try await model.score([
            comparison.promptConversation + comparison.completionA,
            comparison.promptConversation + comparison.completionB,
        ])
        // 2σ(s_B − s_A) − 1
        let probability = 1 / (1 + exp(scores[0] - scores[1]))
        #expect(abs(value - (2 * probability - 1)) < 1e-9)
    }

    @Test("all comparisons of a call reach the service as one request, equal replies as none")
    func batching() async throws {
        let service = FakeService()
        let sampler = try await service.createSamplingClient(baseModel: "toy").value
        let renderer = try Renderers.named("chatml", tokenizer: sampler.tokenizer)
        let model = try TrainedPreferenceModel(kind: .comparator, sampler: sampler, renderer: renderer)
        let equal = Comparison(
            promptConversation: [.user("q")], completionA: [.assistant("x")], completionB: [.assistant("x")])
        #expect(try await model.compareMany([equal]) == [0])
        #expect(service.record.scoreCalls == 0)
        _ = try await model.compareMany(Fixtures.comparisons.map(\.comparison) + [equal])
        #expect(service.record.scoreCalls == 1)
        await #expect(throws: CookbookError.self) { try await model.score([[.user("q"), .assistant("x")]]) }
    }

    @Test("an evaluation is asked in portions, with the values of one request")
    func portions() async throws {
        let service = FakeService()
        let sampler = try await service.createSamplingClient(baseModel: "toy").value
        let renderer = try Renderers.named("chatml", tokenizer: sampler.tokenizer)
        let model = try TrainedPreferenceModel(kind: .bradleyTerry, sampler: sampler, renderer: renderer)
        let comparisons = (Fixtures.comparisons + Fixtures.comparisons).map(\.comparison)
        let whole = try await model.compareMany(comparisons + comparisons.map(\.swapped))
        let progress = RecordedProgress()
        let values = try await model.compareBothWays(comparisons) {
            progress.report(StageProgress(stage: "", done: $0, total: 24))
        }
        #expect(values.forward + values.backward == whole)
        #expect(service.record.scoreCalls == 3)
        #expect(progress.allReports.map(\.done) == [0, 16, 24])
        let stopped = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await model.compareBothWays(comparisons).forward
        }
        await #expect(throws: CancellationError.self) { try await stopped.value }
    }

    @Test("a comparator that only knows a position fails its gate, and the error says so with numbers")
    func gate() async throws {
        let folder = try TemporaryFolder()
        // The toy model reads a bag of tokens, so it cannot tell the two orders apart.
        let service = FakeService()
        let run = try await Preference.train(
            config(folder.file("rm"), kind: .comparator, epochs: 1), data: data, service: service)
        let model = try await TrainedPreferenceModel.open(
            samplerPath: try #require(await run.checkpoint?.samplerPath), service: service, roots: [folder.path])
        #expect(model.kind == .comparator)
        #expect(model.verdict?.passed == false)
        let error = #expect(throws: CookbookError.self) { try model.requirePassed() }
        #expect(error?.description.contains("agree in 0.0 % of pairs") == true)
        let dataset = PairwisePreferenceRLDataset(prompts: [[.user("q")]], model: model, batchSize: 1)
        await #expect(throws: CookbookError.self) {
            try await RL.start(
                RLConfig(run: Fixtures.settings(folder.file("rl")), maxTokens: 4), dataset: dataset, service: service)
        }
        #expect(!FileManager.default.fileExists(atPath: folder.file("rl")))
    }

    @Test("a run that was killed shows the same orders again and equals the one that was not")
    func resumes() async throws {
        let folder = try TemporaryFolder()
        let kind = PreferenceModelKind.comparator
        let whole = try await Preference.train(
            config(folder.file("whole"), kind: kind, epochs: 2), data: data, service: FakeService())
        let disk = FakeService.Disk()
        let config = config(folder.file("cut"), kind: kind, epochs: 2)
        try await Preference.start(config, data: data, service: FakeService(disk: disk)).step(3)
        let second = try await Preference.train(config, data: data, service: FakeService(disk: disk))
        #expect(Fixtures.untimed(await second.metrics) == Fixtures.untimed(await whole.metrics))
    }

    @Test("the report of a judge that always prefers the first reply")
    func positionBias() {
        let report = PreferenceReport(
            labels: [.a, .b, .a, .tie], forward: [-1, -1, -1, -1], backward: [-1, -1, -1, -1],
            categories: ["x", "x", nil, nil])
        #expect(report.count == 3)
        #expect(report.ties == 1)
        #expect(report.accuracy == 0.5)
        #expect(report.bothOrderAccuracy == 0.5)
        #expect(report.orderAgreement == 0)
        #expect(report.positionBias == 1)
        #expect(report.byCategory == ["x": 0.5])
        #expect(!PreferenceGate().judge(report, kind: .bradleyTerry).passed)
    }

    @Test("calibration compares confidence with accuracy")
    func calibration() {
        // Four answers of confidence 0.75, three of them right: perfectly calibrated.
        let report = PreferenceReport(
            labels: [.b, .b, .b, .a], forward: [0.5, 0.5, 0.5, 0.5], backward: [-0.5, -0.5, -0.5, -0.5])
        #expect(report.bothOrderAccuracy == 0.75)
        #expect(report.calibrationError == 0)
        #expect(report.bins.map(\.count) == [4])
    }

    @Test("rules judge without weights or gate, and refuse values that are no preference")
    func rules() async throws {
        let comparison = Comparison(
            promptConversation: [.user("q")], completionA: [.assistant("long reply")], completionB: [.assistant("ok")])
        #expect(try await RulePreferenceModel.shorterWins.compare(comparison) == 1)
        #expect(try await RulePreferenceModel.shorterWins.compare(comparison.swapped) == -1)
        try RulePreferenceModel.shorterWins.requirePassed()
        await #expect(throws: CookbookError.self) { try await RulePreferenceModel { _ in 2 }.compare(comparison) }
    }

    @Test("ties and rows that do not fit are left out with a note; nothing left is an error")
    func unusable() async throws {
        let folder = try TemporaryFolder()
        let progress = RecordedProgress()
        var rows = Fixtures.comparisons
        rows[0].label = .tie
        _ = try await Preference.start(
            config(folder.file("rm")), data: PreferenceData(train: rows), service: FakeService(), progress: progress)
        #expect(progress.allNotes.contains("the comparisons: 1 ties are left out"))
        let ties = rows.map { LabeledComparison(comparison: $0.comparison, label: .tie) }
        await #expect(throws: CookbookError.self) {
            try await Preference.start(
                config(folder.file("other")), data: PreferenceData(train: ties), service: FakeService())
        }
    }
}

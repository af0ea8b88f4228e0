import Cookbook
import Foundation
import Tensors
import TestSupport
import Testing
import Tokenizers
import TrainingAPI

@Suite("Direct preference optimization")
struct DPOTests {
    private func config(_ path: String, epochs: Int = 4) -> DPOConfig {
        DPOConfig(run: Fixtures.settings(path, rate: 0.1, epochs: epochs), batchSize: 4)
    }

    private var data: PreferenceData { PreferenceData(train: Fixtures.comparisons, test: Fixtures.comparisons) }

    /// A datum whose first target belongs to the prompt.
    private func datum(_ targets: Int) -> Datum {
        Datum(
            modelInput: ModelInput(tokens: Array(0..<targets)),
            lossFnInputs: [
                "target_tokens": Tensor(Array(1...targets)),
                "weights": Tensor([Float(0)] + Array(repeating: Float(1), count: targets - 1)),
            ])
    }

    @Test("the loss of a pair, by the numbers of the Python cookbook")
    func golden() throws {
        // Section 10.3: β 0.1, s_c -10, ref_c -12, s_r -20, ref_r -19. The prompt's -7 must not count.
        let rewards = try ImplicitRewards(
            data: [datum(3), datum(2)], logprobs: [[-7, -4, -6], [-7, -20]], reference: [-12, -19], beta: 0.1)
        #expect(abs(rewards.margins[0] - 0.3) < 1e-12)
        #expect(abs(rewards.loss - 0.554355) < 1e-6)
        #expect(abs(rewards.chosen[0] - 0.2) < 1e-12)
        #expect(abs(rewards.rejected[0] + 0.1) < 1e-12)
        #expect(rewards.metrics["accuracy"] == 1)
        let same = try ImplicitRewards(
            data: [datum(3), datum(2)], logprobs: [[-7, -4, -6], [-7, -20]], reference: [-10, -20], beta: 0.1)
        #expect(same.loss == log(2) && same.metrics["accuracy"] == 0)
    }

    @Test("the gradient is that of finite differences, and 0 in the prompt")
    func gradient() async throws {
        let data = [datum(4), datum(3), datum(2), datum(5)]
        let logprobs: [[Float]] = [[-3, -1, -2.5, -0.5], [-2, -4, -1], [-1, -6], [-1, -2, -0.25, -3, -1.5]]
        let loss = DPOLoss.customLoss(beta: 0.7, reference: [-5, -3, -4, -7.5])
        func value(_ logprobs: [[Float]]) async throws -> CustomLossResult {
            try await loss(data, logprobs.map { Tensor($0) })
        }
        let result = try await value(logprobs)
        try result.validate(against: logprobs.map { Tensor($0) })
        let step: Float = 1 / 128
        for (row, values) in logprobs.enumerated() {
            for place in values.indices {
                var (up, down) = (logprobs, logprobs)
                up[row][place] += step
                down[row][place] -= step
                let slope = try await (value(up).loss - value(down).loss) / Double(2 * step)
                #expect(abs(Double(result.gradients[row].floats[place]) - slope) < 1e-5)
            }
            #expect(result.gradients[row].floats[0] == 0)
        }
    }

    @Test("what makes no pairs is refused")
    func unpaired() async throws {
        let loss = DPOLoss.customLoss(beta: 0.1, reference: [0, 0, 0])
        await #expect(throws: CookbookError.self) {
            try await loss([datum(2), datum(2), datum(2)], Array(repeating: Tensor([Float(0), -1]), count: 3))
        }
        await #expect(throws: CookbookError.self) { try await loss([], []) }
    }

    @Test("begins at the reference, learns which replies are better, and leaves a policy that prefers them")
    func trains() async throws {
        let folder = try TemporaryFolder()
        let service = FakeService()
        let run = try await DPO.train(config(folder.file("dpo")), data: data, service: service)
        let metrics = await run.metrics
        // With the reference's own weights every margin is exactly 0, and that is no hit.
        #expect(metrics["dpo_loss"]?.first == log(2))
        #expect(metrics["accuracy"]?.first == 0)
        #expect(metrics["test/dpo_loss"]?.first == log(2))
        #expect(metrics["test/accuracy"]?.first == 0)
        #expect(metrics.last("accuracy") == 1)
        #expect(metrics.last("test/accuracy") == 1)
        #expect(try #require(metrics.last("test/dpo_loss")) < 0.6)
        #expect(try #require(metrics.last("test/margin")) > 0.2)
        #expect(try #require(metrics.last("chosen_reward")) > (#require(metrics.last("rejected_reward"))))
        #expect(metrics.last("num_pairs") == 4)
        #expect(metrics.last("test/pairs") == 12)
        #expect(metrics.names.contains("test/nll") && metrics.names.contains("test/nll_token"))
        // Two replies of twelve rows, asked once each for training and for testing.
        #expect(service.record.logprobCalls == 48)
        let path = try #require(await run.checkpoint?.samplerPath)
        let sampler = try await service.createSamplingClient(modelPath: path).value
        func logprob(_ reply: String) async throws -> Float {
            let example = try run.renderer.buildSupervisedExample(
                [.user("q1"), .assistant(reply)], trainOnWhat: .lastAssistantMessage)
            let logprobs = try await sampler.computeLogprobs(ModelInput(tokens: example.tokens)).value
            return zip(example.weights, logprobs).reduce(0) { $0 + $1.0 * ($1.1 ?? 0) }
        }
        #expect(try await logprob("please 1") > logprob("zzz 1"))
        let json = try String(contentsOfFile: folder.file("dpo/config.json"), encoding: .utf8)
        #expect(json.contains("\"dpo_beta\" : 0.1"))
    }

    @Test("a run that was killed is held to the same reference and equals the one that was not")
    func resumes() async throws {
        let folder = try TemporaryFolder()
        let whole = try await DPO.train(config(folder.file("whole")), data: data, service: FakeService())
        let disk = FakeService.Disk()
        try await DPO.start(config(folder.file("cut")), data: data, service: FakeService(disk: disk)).step(3)
        let first = try #require(try CheckpointUtils.getLastCheckpoint(folder.file("cut")))
        #expect(first.name == "000002")
        let second = try await DPO.train(config(folder.file("cut")), data: data, service: FakeService(disk: disk))
        #expect(Fixtures.untimed(await second.metrics) == Fixtures.untimed(await whole.metrics))
        let last = try #require(await second.checkpoint)
        #expect(last.dpoReferencePath == first.dpoReferencePath)
        #expect(disk.paths.filter { $0.hasSuffix("/dpo_reference") } == [first.dpoReferencePath])
    }

    @Test("the reference is the checkpoint that the run begins with")
    func loadedReference() async throws {
        let folder = try TemporaryFolder()
        let service = FakeService()
        let sft = try await Supervised.train(
            SupervisedConfig(run: Fixtures.settings(folder.file("sft")), batchSize: 2), train: Fixtures.conversations,
            service: service)
        var config = config(folder.file("dpo"))
        config.run.loadCheckpointPath = await sft.checkpoint?.statePath
        let run = try await DPO.start(config, data: data, service: service)
        try await run.step(1)
        #expect(await run.metrics["dpo_loss"]?.first == log(2))
        let batch = try #require(await run.last)
        #expect(batch.comparisons.count == 4 && batch.datums.count == 8)
        let untrained = batch.datums.map { -log(259) * Double($0.lossFnInputs["weights"]?.floats.reduce(0, +) ?? 0) }
        #expect(zip(batch.referenceLogprobs, untrained).allSatisfy { abs($0 - $1) > 0.1 })
    }

    @Test("all that the assistant says in a reply counts, and nothing of the prompt")
    func weights() async throws {
        let folder = try TemporaryFolder()
        let row = LabeledComparison(
            comparison: Comparison(
                promptConversation: [.user("a"), .assistant("bb"), .user("c")],
                completionA: [.assistant("ddd"), .user("eeee"), .assistant("fffff")], completionB: [.assistant("g")]),
            label: .b)
        var config = config(folder.file("dpo"))
        config.batchSize = 1
        let run = try await DPO.start(config, data: PreferenceData(train: [row]), service: FakeService())
        try await run.step(1)
        let texts = try #require(await run.last).datums.map { datum in
            let weights = datum.lossFnInputs["weights"]?.floats ?? []
            let targets = datum.lossFnInputs["target_tokens"]?.ints ?? []
            return run.renderer.tokenizer.decode(targets.indices.filter { weights[$0] == 1 }.map { targets[$0] })
        }
        #expect(texts.map { $0.replacingOccurrences(of: "<|im_end|>", with: "") } == ["g", "dddfffff"])
    }

    @Test("ties are left out with a note; settings and rows that cannot be used leave no trace")
    func unusable() async throws {
        let folder = try TemporaryFolder()
        let disk = FakeService.Disk()
        let service = FakeService(disk: disk)
        func start(_ rows: [LabeledComparison], beta: Double = 0.1, maxLength: Int? = nil) async throws {
            var config = config(folder.file("bad"))
            (config.dpoBeta, config.maxLength) = (beta, maxLength)
            _ = try await DPO.start(config, data: PreferenceData(train: rows), service: service)
        }
        let rows = Fixtures.comparisons
        let ties = rows.map { LabeledComparison(comparison: $0.comparison, label: .tie) }
        await #expect(throws: CookbookError.emptyDataset("no row of the comparisons can be used: 12 ties, 0 over 512 tokens")) {
            try await start(ties)
        }
        await #expect(throws: CookbookError.emptyDataset("no row of the comparisons can be used: 0 ties, 12 over 8 tokens")) {
            try await start(rows, maxLength: 8)
        }
        var silent = rows
        silent[2].comparison.completionB = [.user("no reply")]
        let error = await #expect(throws: CookbookError.self) { try await start(silent) }
        #expect(error?.description == "row 3 of the comparisons: the rejected reply has no message of the assistant")
        for beta in [0, -1, .infinity] {
            let error = await #expect(throws: CookbookError.self) { try await start(rows, beta: beta) }
            #expect(error?.description.hasPrefix("dpo_beta is ") == true)
        }
        #expect(!FileManager.default.fileExists(atPath: folder.file("bad")))
        #expect(disk.paths == [])

        let progress = RecordedProgress()
        let run = try await DPO.start(
            config(folder.file("good"), epochs: 1), data: PreferenceData(train: rows + ties), service: service, progress: progress)
        #expect(progress.allNotes.contains("the comparisons: 12 ties are left out"))
        #expect(run.totalSteps == 3)
    }

    @Test("a checkpoint without its reference is not gone on from")
    func lostReference() async throws {
        let folder = try TemporaryFolder()
        let disk = FakeService.Disk()
        try await DPO.start(config(folder.file("dpo")), data: data, service: FakeService(disk: disk)).step(2)
        let file = folder.file("dpo/checkpoints.jsonl")
        let lines = try String(contentsOfFile: file, encoding: .utf8)
        for (name, message) in [
            ("\"dpo_reference_path\":", "does not say which reference"), ("/dpo_reference\"", "is gone: tinker://"),
        ] {
            let broken = lines.replacingOccurrences(of: name, with: name.replacingOccurrences(of: "dpo_", with: "other_"))
            #expect(broken != lines)
            try broken.write(toFile: file, atomically: true, encoding: .utf8)
            let error = await #expect(throws: CookbookError.self) {
                try await DPO.start(config(folder.file("dpo")), data: data, service: FakeService(disk: disk))
            }
            #expect(error?.description.contains(message) == true)
        }
    }
}

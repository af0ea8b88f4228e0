import Cookbook
import Foundation
import Tensors
import TestSupport
import Testing
import TrainingAPI

@Suite("Reinforcement learning")
struct RLTests {
    private static let prompts: [[Message]] = (0..<4).map { [.user("q\($0)")] }

    /// Rewards the share of the letter e, which the toy model can learn to write.
    private static func letters(batchSize: Int = 2) -> RewardFunctionRLDataset {
        RewardFunctionRLDataset(prompts: prompts, groupSize: 4, batchSize: batchSize) { request in
            let letters = request.response.utf8
            return EpisodeReward(Double(letters.filter { $0 == UInt8(ascii: "e") }.count))
        }
    }

    private func config(_ path: String, epochs: Int = 2) -> RLConfig {
        var config = RLConfig(run: Fixtures.settings(path, epochs: epochs), maxTokens: 8)
        config.run.lrSchedule = .constant
        return config
    }

    @Test("a tournament's results, and the advantages of a group")
    func tournament() {
        // Section 10.3: y0 > y2 > y1 > y3.
        let rank = [0, 2, 1, 3]
        func play(_ pattern: TournamentPattern, _ judge: (Int, Int) -> Double) -> [Double] {
            let pairs = pattern.pairs(count: 4)
            return Tournament.results(count: 4, pairs: pairs, values: pairs.map { judge($0.first, $0.second) })
        }
        let fair: (Int, Int) -> Double = { rank[$1] < rank[$0] ? 1 : -1 }
        let ranked: [Double] = [1, -1.0 / 3, 1.0 / 3, -1]
        for pattern in TournamentPattern.allCases {
            #expect(play(pattern, fair) == ranked)
        }
        #expect(play(.allPairsBothWays) { _, _ in -1 } == [0, 0, 0, 0])
        let biased: [Double] = [1, 1.0 / 3, -1.0 / 3, -1]
        #expect(play(.allPairsOneWay) { _, _ in -1 } == biased)
        #expect(TournamentPattern.allPairsBothWays.pairs(count: 4).count == 12)
        #expect(TournamentPattern.allPairsOneWay.pairs(count: 4).count == 6)
        let sixteen = Tournament.chunks(count: 16, size: 4)
        let matches = sixteen.map { TournamentPattern.allPairsBothWays.pairs(count: $0.count).count }
        #expect(matches.reduce(0, +) == 48)
        // Unlike in the Python cookbook the fifth of five is not left without a match.
        #expect(Tournament.chunks(count: 5, size: 4).map(\.count) == [2, 3])
        let advantages = RolloutGroup.advantages([1, -1.0 / 3, 1.0 / 3, -2])
        let expected = [1.25, -0.083333, 0.583333, -1.75]
        #expect(zip(advantages, expected).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(RolloutGroup.advantages([0.1, 0.1, 0.1]) == [0, 0, 0])
    }

    @Test("a problem's reward from answer and format")
    func problems() {
        func reward(_ correct: Bool, _ formatted: Bool) -> Double {
            ProblemRLDataset.reward(correct: correct, formatted: formatted, coefficient: 0.1)
        }
        let rewards = [reward(true, true), reward(false, true), reward(true, false), reward(false, false)]
        #expect(rewards == [1, 0, 0.9, -0.1])
    }

    @Test("the diagnostics and the penalty of the KL divergence")
    func divergence() {
        let sampled: [[Float]] = [[0, -0.5, -1, -2]]
        let masks: [[Float]] = [[0, 1, 1, 1]]
        let kl = KLDivergence.estimates(sampled: sampled, other: [[9, -0.6, -0.9, -2.5]], masks: masks)
        #expect(abs(kl.v1 - 0.166667) < 1e-6)
        #expect(abs(kl.v2 - 0.045) < 1e-6)
        #expect(abs(kl.entropy - 1.166667) < 1e-6)
        let penalty = KLDivergence.penalty(
            sampled: sampled, reference: [[5, -0.7, -1.5, -1.8]], masks: masks, coefficient: 0.1, discount: 0)
        #expect(abs(penalty.mean - 0.166667) < 1e-6)
        let expected = [0, -0.003333, -0.033333, 0.036667]
        #expect(zip(penalty.advantages[0], expected).allSatisfy { abs($0 - $1) < 1e-6 })
        let discounted = KLDivergence.penalty(
            sampled: sampled, reference: [[5, -0.7, -1.5, -1.8]], masks: masks, coefficient: 0.1, discount: 0.5)
        // -0.003333 + 0.5 · (-0.033333 + 0.5 · 0.036667); the prompt's position gets nothing.
        let later = [0, -0.010833, -0.015, 0.036667]
        #expect(zip(discounted.advantages[0], later).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test("turns that go on from each other make one datum, others a new one")
    func datums() {
        func turn(_ observation: [Int], _ action: [Int]) -> Transition {
            Transition(
                observation: observation, action: action, logprobs: action.map { -Float($0) }, stopReason: .stop,
                message: .assistant(""), termination: .stopSequence, reward: 0, episodeDone: false, metrics: [:])
        }
        var trajectory = Trajectory(transitions: [turn([1, 2], [3]), turn([1, 2, 3, 4], [5, 6]), turn([9], [7])])
        trajectory.advantage = 2
        let datums = trajectory.policyDatums
        #expect(datums.map(\.datum.modelInput.tokens) == [[1, 2, 3, 4, 5], [9]])
        #expect(datums[0].datum.lossFnInputs["target_tokens"]?.ints == [2, 3, 4, 5, 6])
        #expect(datums[0].datum.lossFnInputs["logprobs"]?.floats == [0, -3, 0, -5, -6])
        #expect(datums[0].datum.lossFnInputs["advantages"]?.floats == [0, 2, 0, 2, 2])
        #expect(datums[0].mask == [0, 1, 0, 1, 1])
        #expect(datums[0].datum.lossFnInputs.keys.sorted() == ["advantages", "logprobs", "target_tokens"])
    }

    @Test("a reward function raises its own reward; on policy nothing separates sampler and trainer")
    func rewardFunction() async throws {
        let folder = try TemporaryFolder()
        var settings = config(folder.file("rl"), epochs: 6)
        settings.run.learningRate = 1
        let run = try await RL.train(
            settings, dataset: Self.letters(), test: Self.letters(), service: FakeService())
        let metrics = await run.metrics
        let rewards = try #require(metrics["test/env/all/reward/total"]).compactMap { $0 }
        #expect((rewards.last ?? 0) > (rewards.first ?? 0) + 1)
        #expect(metrics["optim/kl_sample_train_v2"]?.allSatisfy { $0 ?? 0 == 0 } == true)
        #expect(metrics["env/all/total_episodes"]?.first == 8)
        let last = try #require(await run.last)
        #expect(last.groups.map(\.trajectories.count) == [4, 4])
        #expect(last.datums.count == 8)
        let samples = try String(
            contentsOfFile: folder.file("rl/iteration_000000/train_samples.jsonl"), encoding: .utf8)
        #expect(samples.split(separator: "\n").count == 8)
        let line = try String(
            contentsOfFile: folder.file("rl/iteration_000000/train_rollout_summaries.jsonl"), encoding: .utf8
        ).split(separator: "\n")[0]
        let summary = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let keys = [
            "final_ob_len", "final_reward", "group_idx", "iteration", "sampling_client_step", "schema_version", "split",
            "steps", "tags", "total_reward", "traj_idx", "trajectory_metrics",
        ]
        #expect(summary.keys.sorted() == keys)
    }

    @Test("a run that was killed samples the same replies again and equals the one that was not")
    func resumes() async throws {
        let folder = try TemporaryFolder()
        var settings = config(folder.file("whole"), epochs: 2)
        settings.klPenaltyCoef = 0.1
        settings.computePostKl = true
        let whole = try await RL.train(settings, dataset: Self.letters(), service: FakeService())
        let disk = FakeService.Disk()
        settings.run.logPath = folder.file("cut")
        try await RL.start(settings, dataset: Self.letters(), service: FakeService(disk: disk)).step(3)
        let second = try await RL.train(settings, dataset: Self.letters(), service: FakeService(disk: disk))
        #expect(Fixtures.untimed(await second.metrics) == Fixtures.untimed(await whole.metrics))
        #expect(await second.metrics["kl_policy_base"]?.last != 0)
    }

    @Test("one request samples a whole group, with a seed of its own")
    func seeds() async throws {
        let folder = try TemporaryFolder()
        let service = FakeService()
        try await RL.start(config(folder.file("rl")), dataset: Self.letters(), service: service).step(2)
        #expect(service.record.sampleCalls == 4)
        #expect(Set(service.record.seeds.compactMap { $0 }).count == 4)
    }

    @Test("an error in a reward function names the sample and loses nothing")
    func rewardError() async throws {
        struct Oops: Error {}
        let folder = try TemporaryFolder()
        let flag = FailingReward()
        let dataset = RewardFunctionRLDataset(prompts: Self.prompts, groupSize: 2, batchSize: 2) { request in
            if await flag.isFailing, request.row == 1 { throw Oops() }
            return EpisodeReward(Double(request.tokens))
        }
        let run = try await RL.start(config(folder.file("rl")), dataset: dataset, service: FakeService())
        let error = await #expect(throws: RolloutFailure.self) { try await run.step(4) }
        #expect(error?.row == 1)
        #expect(error?.description.contains("Oops") == true)
        let done = await run.nextStep
        await flag.mend()
        try await run.trainToEnd()
        #expect(await run.isFinished)
        #expect(done < 4)

        await flag.break()
        var tolerant = config(folder.file("tolerant"))
        tolerant.rolloutErrorTolerance = true
        let other = try await RL.train(tolerant, dataset: dataset, service: FakeService())
        #expect((await other.metrics)["rollout_errors/groups_skipped"]?.compactMap { $0 }.reduce(0, +) == 2)
    }

    @Test("settings that would train nonsense are refused")
    func refuses() async throws {
        let folder = try TemporaryFolder()
        func start(_ change: (inout RLConfig) -> Void, context: Int = 512) async throws {
            var config = config(folder.file("rl"))
            change(&config)
            _ = try await RL.start(config, dataset: Self.letters(), service: FakeService(contextLength: context))
        }
        await #expect(throws: CookbookError.self) { try await start { $0.temperature = 0.7 } }
        await #expect(throws: CookbookError.self) { try await start { $0.lossFn = "cross_entropy" } }
        await #expect(throws: TrainingError.self) { try await start { $0.lossFn = "pppo" } }
        let error = await #expect(throws: CookbookError.self) { try await start({ _ in }, context: 20) }
        #expect(error?.description.contains("4 of 4 prompts do not fit the context of 20 tokens") == true)
        await #expect(throws: CookbookError.self) { try await start({ $0.dropLongPrompts = true }, context: 20) }
        #expect(!FileManager.default.fileExists(atPath: folder.file("rl")))
    }

    @Test("long prompts can be left out with a note")
    func longPrompts() async throws {
        let folder = try TemporaryFolder()
        let prompts = Self.prompts + [[.user(String(repeating: "x", count: 600))]]
        let dataset = RewardFunctionRLDataset(prompts: prompts, groupSize: 2, batchSize: 2) { _ in EpisodeReward(0) }
        var settings = config(folder.file("rl"))
        settings.dropLongPrompts = true
        let progress = RecordedProgress()
        let run = try await RL.start(settings, dataset: dataset, service: FakeService(), progress: progress)
        #expect(run.totalSteps == 4)
        #expect(progress.allNotes.contains { $0.contains("1 of 5 prompts") })
    }

    @Test("a tournament before a judge rewards and the unfinished reply pays for its format")
    func preferenceGroup() async throws {
        let dataset = PairwisePreferenceRLDataset(
            prompts: Self.prompts, model: RulePreferenceModel.shorterWins, groupSize: 4, batchSize: 2)
        func episode(_ text: String, _ termination: ParseTermination) -> Trajectory {
            Trajectory(transitions: [
                Transition(
                    observation: [], action: [], logprobs: [], stopReason: .stop, message: .assistant(text),
                    termination: termination, reward: 0, episodeDone: true, metrics: [:])
            ])
        }
        let group = RolloutGroup(
            index: 0, row: 0, prompt: [.user("q")], tags: [],
            trajectories: [
                episode("a", .stopSequence), episode("aaa", .eos), episode("aa", .stopSequence),
                episode("aaaa", .malformed),
            ])
        let rewards = try await dataset.rewards([group])[0].get()
        let expected: [Double] = [1, -1.0 / 3, 1.0 / 3, -2]
        #expect(rewards.map(\.reward) == expected)
        #expect(rewards.map { $0.metrics["format"] } == [1, 1, 1, 0])
    }

    @Test("an environment of two functions converses until it is done")
    func environment() async throws {
        let folder = try TemporaryFolder()
        let dataset = MessageEnvRLDataset(count: 2, batchSize: 1, groupSize: 2) { row in
            MessageEnvFunctions(
                initialObservation: { [.user("start \(row)")] },
                step: { message in
                    MessageStepResult(reward: Double(message.content.count), episodeDone: true, metrics: ["asked": 1])
                })
        }
        let run = try await RL.train(config(folder.file("rl")), dataset: dataset, service: FakeService())
        #expect((await run.metrics).names.contains("env/all/reward/total"))
        #expect(await run.last?.groups.first?.prompt.first?.content.hasPrefix("start") == true)
    }

    @Test("the win rate of replies, its standard error and shares of both orders")
    func winRate() async throws {
        #expect(WinRateEvaluator.share(forward: 1, backward: -1) == 1)
        #expect(WinRateEvaluator.share(forward: 1, backward: 1) == 0.5)
        #expect(WinRateEvaluator.share(forward: -1, backward: 1) == 0)
        #expect(WinRateEvaluator.share(forward: 0, backward: -1) == 0.75)
        let folder = try TemporaryFolder()
        let service = FakeService()
        let base = try await service.createSamplingClient(baseModel: "toy").value
        let evaluators: [any Evaluator] = [
            try WinRateEvaluator(
                name: "base", model: RulePreferenceModel.shorterWins, prompts: Self.prompts, opponent: .policy(base),
                sampling: ReplySampler(maxTokens: 8)),
            try WinRateEvaluator(
                name: "reference", model: RulePreferenceModel.shorterWins, prompts: Self.prompts,
                opponent: .replies(["", "", "", String(repeating: "x", count: 99)]),
                sampling: ReplySampler(maxTokens: 8)),
        ]
        let run = try await RL.start(
            config(folder.file("rl")), dataset: Self.letters(), evaluators: evaluators, service: service)
        try await run.step(1)
        let metrics = await run.metrics
        // The same weights, prompts and seeds: every reply equals its opponent.
        #expect(metrics.last("win_rate/base") == 0.5)
        #expect(metrics.last("win_rate/base/stderr") == 0)
        #expect(metrics.last("win_rate/reference") == 0.25)
        let error = try #require(metrics.last("win_rate/reference/stderr"))
        #expect(abs(error - 0.25) < 1e-12)
        #expect(metrics.last("win_rate/base/mean_tokens") != nil)
        #expect(FileManager.default.fileExists(atPath: folder.file("rl/iteration_000000/eval_base_samples.jsonl")))
    }

    @Test("the rubric's rules")
    func rubric() {
        let rubric = Rubric(phrases: ["Well, as you may or may not know, it depends.", "To sum up"])
        func check(_ text: String, tokens: Int = 9, ended: Bool = true, keywords: [String] = ["paris"]) -> Rubric.Check {
            rubric.check(.init(text: text, tokens: tokens, endedByStop: ended), keywords: keywords)
        }
        #expect(check("Paris is the capital of France.").passes)
        #expect(check("Paris is the capital.", tokens: 31).isShort)
        #expect(!check("Paris is the capital.", tokens: 32).isShort)
        #expect(!check("Paris.").isNotCurt)
        #expect(!check("Paris, as YOU may or so.").isPlain)
        #expect(!check("It is Paris, to sum up.").isPlain)
        #expect(!check("Parisian life is very good.").hasKeyword)
        #expect(!check("Paris is the capital.", ended: false).passes)
        #expect(check("It is about 2.2 pounds.", keywords: ["2.2 pounds"]).hasKeyword)
    }
}

/// A reward function's switch.
actor FailingReward {
    var isFailing = true
    func mend() { isFailing = false }
    func `break`() { isFailing = true }
}

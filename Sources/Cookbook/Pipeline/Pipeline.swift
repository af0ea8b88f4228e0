public import TrainingAPI

/// Supervised fine-tuning, a preference model and RL, each stage taking up what the one before left. Killed and called
/// again, it goes on from the last checkpoint of the stage it was in.
public enum Pipeline {
    /// What the stages are trained and measured with.
    public struct Data: Sendable {
        /// What SFT trains on.
        public var conversations: [[Message]]
        /// What SFT is measured on.
        public var testConversations: [[Message]]
        /// What the preference model is trained and measured on.
        public var preferences: PreferenceData
        /// What the policy replies to in RL; empty takes the prompts of the comparisons.
        public var prompts: [[Message]]

        /// Rows for each stage.
        public init(
            conversations: [[Message]], testConversations: [[Message]] = [], preferences: PreferenceData,
            prompts: [[Message]] = []
        ) {
            self.conversations = conversations
            self.testConversations = testConversations
            self.preferences = preferences
            self.prompts = prompts
        }

        /// The prompts of RL, each once.
        var policyPrompts: [[Message]] {
            prompts.isEmpty ? unique(preferences.train.map(\.comparison.promptConversation)) : prompts
        }

        /// The held-out prompts with their better reply, each once.
        var references: [(prompt: [Message], reply: String)] {
            var rows: [(prompt: [Message], reply: String)] = []
            for row in preferences.test {
                let prompt = row.comparison.promptConversation
                guard let reply = row.chosen?.last?.content, !rows.contains(where: { $0.prompt == prompt }) else {
                    continue
                }
                rows.append((prompt, reply))
            }
            return rows
        }

        private func unique(_ list: [[Message]]) -> [[Message]] {
            list.reduce(into: []) { kept, prompt in if !kept.contains(prompt) { kept.append(prompt) } }
        }
    }

    /// What the stages left: runs of those that ran, checkpoints of all.
    public struct Result: Sendable {
        /// The SFT stage, if it ran.
        public var sft: Run?
        /// The preference model's stage, if it ran.
        public var rm: Run?
        /// The RL stage, if it ran.
        public var rl: Run?
        /// The weights that RL began with.
        public var sftCheckpoint: CheckpointRecord
        /// The weights of the judge.
        public var rmCheckpoint: CheckpointRecord
    }

    /// Runs the stages. The policy is measured against the SFT policy (`win_rate/sft`) and the better replies of the
    /// held-out comparisons (`win_rate/reference`). Throws `CookbookError.model` when the judge does not pass its
    /// gate.
    public static func run(
        _ config: PipelineConfig, data: Data, evaluators: [any Evaluator] = [], service: any TrainingService,
        index: PreferenceModelIndex? = nil, progress: any ProgressSink = SilentProgress()
    ) async throws -> Result {
        let config = config.completed
        if !config.runSft { _ = try earlier(config.sft.run, stage: "sft", progress: progress) }
        if !config.runRm { _ = try earlier(config.rm.run, stage: "rm", progress: progress) }
        let sft =
            config.runSft
            ? try await Supervised.train(
                config.sft, train: data.conversations, test: data.testConversations, service: service,
                progress: progress) : nil
        let rm =
            config.runRm
            ? try await Preference.train(
                config.rm, data: data.preferences, service: service, index: index, progress: progress) : nil
        let sftCheckpoint = try earlier(config.sft.run, stage: "sft", progress: progress)
        let rmCheckpoint = try earlier(config.rm.run, stage: "rm", progress: progress)
        var result = Result(sft: sft, rm: rm, rl: nil, sftCheckpoint: sftCheckpoint, rmCheckpoint: rmCheckpoint)
        guard config.runRl else { return result }
        let model = try await TrainedPreferenceModel.open(
            samplerPath: rmCheckpoint.samplerPath ?? "", service: service, index: index, roots: [config.rm.run.logPath])
        if config.allowUngated, let reasons = model.verdict?.reasons, !reasons.isEmpty {
            progress.note("rm: serves as the reward although " + reasons.joined(separator: "; "))
        }
        let dataset = PairwisePreferenceRLDataset(
            prompts: data.policyPrompts, model: model, groupSize: config.groupSize, batchSize: config.groupsPerBatch,
            pattern: config.tournamentPattern, allowUngated: config.allowUngated)
        var rl = config.rl
        rl.run.loadCheckpointPath = sftCheckpoint.statePath
        rl.run.rendererName = rl.run.rendererName ?? sftCheckpoint.rendererName
        let judges = try await winRates(
            config: rl, data: data, model: model, sft: sftCheckpoint, service: service)
        result.rl = try await RL.train(
            rl, dataset: dataset, evaluators: judges + evaluators, service: service, progress: progress)
        return result
    }

    private static func winRates(
        config: RLConfig, data: Data, model: any PreferenceModel, sft: CheckpointRecord, service: any TrainingService
    ) async throws -> [any Evaluator] {
        let references = data.references
        guard !references.isEmpty, let path = sft.samplerPath else { return [] }
        let sampling = ReplySampler(maxTokens: config.maxTokens, seed: config.run.seed)
        let prompts = references.map(\.prompt)
        let policy = try await service.createSamplingClient(modelPath: path).value
        return [
            try WinRateEvaluator(
                name: "sft", model: model, prompts: prompts, opponent: .policy(policy), sampling: sampling),
            try WinRateEvaluator(
                name: "reference", model: model, prompts: prompts, opponent: .replies(references.map(\.reply)),
                sampling: sampling),
        ]
    }

    /// The last checkpoint in a stage's folder, with a note when the stage did not come to its end.
    private static func earlier(
        _ settings: RunSettings, stage: String, progress: any ProgressSink
    ) throws -> CheckpointRecord {
        guard let record = try CheckpointUtils.getLastCheckpoint(settings.logPath) else {
            throw CookbookError.missingFile(
                "a checkpoint of stage \(stage)", searched: [settings.logPath],
                hint: "run the stage first: run_\(stage) = true")
        }
        if record.final != true {
            progress.note("\(stage): checkpoint \(record.name) is used, which is not the stage's final one")
        }
        return record
    }
}

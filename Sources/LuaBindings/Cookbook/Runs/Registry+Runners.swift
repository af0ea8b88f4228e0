import Cookbook
import LuaRuntime

extension Registry {
    /// `rlhf.supervised`, `rlhf.preference.train_…`, `rlhf.rl.train` and the stepping form of each.
    mutating func addRunners(_ context: CookbookContext) {
        describe(module: "rlhf.supervised", "Supervised fine-tuning: cross-entropy on the assistant's tokens.")
        add(RunObject.binding)
        add(MetricsObject.binding)
        let settings = RunSettings.defaults(context)
        add(Self.supervised(settings).bindings(context))
        add(Self.bradleyTerry(settings).bindings(context))
        add(Self.comparator(settings).bindings(context))
        add(Self.dpo(settings).bindings(context))
        add(Self.rl(settings).bindings(context))
        add(Self.conversationToDatum)
    }

    private static func supervised(_ settings: RunSettings) -> RunnerBinding<SupervisedConfig> {
        RunnerBinding(
            train: "rlhf.supervised.train", start: "rlhf.supervised.start",
            doc: "Fine-tunes a model on conversations.", kind: "sft", config: SupervisedConfig(run: settings),
            run: \.run,
            settings: RunnerSettings.supervised, parameters: [datasetParameter, evaluatorsParameter] + splitParameters,
            example: """
                {dataset_builder = rlhf.datasets.starter.sft{}, batch_size = 16,
                  learning_rate = 5e-4, num_epochs = 3, lora_rank = 16}
                """
        ) { options, config in
            let builder = try options.dataset()
            let evaluators = try options.evaluators()
            if let size = builder.batchSize { config.batchSize = size }
            if let length = builder.maxLength { config.maxLength = length }
            if let mode = builder.trainOnWhat { config.trainOnWhat = mode }
            return { config, context in
                let dataset = try builder.conversations()
                dataset.report.tell(context.progress)
                return try await Supervised.start(
                    config, train: dataset.train.map(\.value), test: dataset.test.map(\.value), evaluators: evaluators,
                    service: context.service, progress: context.progress)
            }
        }
    }

    private static func preferenceRunner(
        _ name: String, doc: String, kind: PreferenceModelKind, settings: [Setting<PreferenceConfig>], run: RunSettings,
        example: String
    ) -> RunnerBinding<PreferenceConfig> {
        RunnerBinding(
            train: "rlhf.preference.train_\(name)", start: "rlhf.preference.start_\(name)", doc: doc, kind: "rm",
            config: PreferenceConfig(run: run, kind: kind), run: \.run, settings: settings,
            parameters: [datasetParameter, evaluatorsParameter] + splitParameters, example: example
        ) { options, config in
            let comparisons = try ComparisonsOption(&options, batchSize: &config.batchSize, maxLength: &config.maxLength)
            return { config, context in
                try await Preference.start(
                    config, data: comparisons.data(context), evaluators: comparisons.evaluators, service: context.service,
                    index: context.preferenceModels, progress: context.progress)
            }
        }
    }

    private static func bradleyTerry(_ run: RunSettings) -> RunnerBinding<PreferenceConfig> {
        preferenceRunner(
            "bradley_terry",
            doc:
                """
                Trains a preference model that scores one reply, with the Bradley-Terry loss: the default \
                judge on small models.
                """,
            kind: .bradleyTerry, settings: RunnerSettings.preference, run: run,
            example: """
                {dataset_builder = rlhf.datasets.starter.comparisons{}, batch_size = 16,
                  learning_rate = 3e-4, lora_rank = 16}
                """)
    }

    private static func comparator(_ run: RunSettings) -> RunnerBinding<PreferenceConfig> {
        preferenceRunner(
            "comparator", doc: "Trains a preference model that reads both replies and predicts the label's token.",
            kind: .comparator, settings: RunnerSettings.comparator, run: run,
            example: """
                {dataset_builder = rlhf.datasets.starter.comparisons{}, batch_size = 16,
                  learning_rate = 1e-3, num_epochs = 3, swap = true}
                """)
    }

    private static func dpo(_ run: RunSettings) -> RunnerBinding<DPOConfig> {
        var config = DPOConfig(run: run)
        config.run.learningRate = 1e-5
        return RunnerBinding(
            train: "rlhf.preference.train_dpo", start: "rlhf.preference.start_dpo",
            doc:
                """
                Trains a policy on comparisons directly, without a preference model (DPO): chosen replies become likelier \
                than rejected ones, against the policy that the run begins with.
                """,
            kind: "dpo", config: config, run: \.run, settings: RunnerSettings.dpo,
            parameters: [datasetParameter, evaluatorsParameter] + splitParameters,
            example: """
                {dataset_builder = rlhf.datasets.starter.comparisons{}, batch_size = 16,
                  learning_rate = 1e-4, dpo_beta = 0.1, load_checkpoint_path = sft.checkpoint.state_path}
                """
        ) { options, config in
            let comparisons = try ComparisonsOption(&options, batchSize: &config.batchSize, maxLength: &config.maxLength)
            return { config, context in
                try await DPO.start(
                    config, data: comparisons.data(context), evaluators: comparisons.evaluators, service: context.service,
                    progress: context.progress)
            }
        }
    }

    private static func rl(_ settings: RunSettings) -> RunnerBinding<RLConfig> {
        var config = RLConfig(run: settings, maxTokens: 0)
        config.run.lrSchedule = .constant
        config.run.evalEvery = 20
        return RunnerBinding(
            train: "rlhf.rl.train", start: "rlhf.rl.start",
            doc: "Trains a policy with rewards of groups of its own replies.", kind: "rl", config: config, run: \.run,
            settings: RunnerSettings.rl,
            parameters: [
                ParameterDoc(
                    "dataset_builder", "RLDatasetBuilder", "what replies are asked for and rewarded: rlhf.rl.*"),
                ParameterDoc("max_tokens", "integer", "the most tokens of a reply"), evaluatorsParameter,
            ],
            example: """
                {max_tokens = 32, learning_rate = 3e-4, dataset_builder = rlhf.rl.RewardFunctionBuilder{
                  prompts = {"Name a colour."}, batch_size = 1,
                  reward = function(prompt, response) return -#response end}}
                """
        ) { options, config in
            let value = options.value("dataset_builder")
            guard let builder = value.object as? RLDatasetObject else {
                throw LuaError.usage(
                    options.mismatch("dataset_builder", expected: RLDatasetObject.luaType).message,
                    hint:
                        """
                        make one with rlhf.rl.RewardFunctionBuilder, PairwisePreferenceRLDatasetBuilder, \
                        ProblemEnv or MessageEnvBuilder
                        """
                )
            }
            config.maxTokens = try options.int("max_tokens", atLeast: 1)
            let evaluators = try options.evaluators()
            return { config, context in
                try await RL.start(
                    config, dataset: builder.dataset, test: builder.test, evaluators: evaluators,
                    service: context.service, progress: context.progress)
            }
        }
    }

    private static let conversationToDatum = FunctionBinding(
        "rlhf.supervised.conversation_to_datum",
        doc: "The cross-entropy datum of a conversation: N input tokens, `target_tokens` and `weights` of N positions.",
        parameters: [
            RendererObject.messagesParameter, ParameterDoc("renderer", "Renderer", "what writes it"),
            ParameterDoc("max_length", "integer", default: "nil", "the most tokens, cut off on the right"),
            RendererObject.trainOnWhatParameter,
        ], returns: "Datum",
        example: "local datum = rlhf.supervised.conversation_to_datum(messages, renderer, 512)"
    ) { call in
        let messages = try call[0].messages(place: "\(call.functionName): messages")
        let renderer = try call.object(1, as: RendererObject.self).renderer
        let maxLength = call[2].isNone ? nil : try call.integer(2, atLeast: 2)
        let mode = try call.trainOnWhat(3)
        return .work {
            let datum = try datum(
                fromConversation: messages, renderer: renderer, maxLength: maxLength, trainOnWhat: mode)
            return [.datum(datum, tokenizer: renderer.tokenizer)]
        }
    }
}

/// What runners on comparisons are told of their data.
private struct ComparisonsOption: Sendable {
    let evaluators: [any Evaluator]
    private let builder: DatasetBuilder

    /// Reads the data set and the evaluators. The builder fills in sizes that it carries.
    init(_ options: inout OptionReader, batchSize: inout Int, maxLength: inout Int?) throws {
        builder = try options.dataset()
        evaluators = try options.evaluators()
        if let size = builder.batchSize { batchSize = size }
        if let length = builder.maxLength { maxLength = length }
    }

    /// The comparisons; tells of rows that cannot be used.
    func data(_ context: CookbookContext) throws -> PreferenceData {
        let dataset = try builder.comparisons()
        dataset.report.tell(context.progress)
        return PreferenceData(dataset)
    }
}

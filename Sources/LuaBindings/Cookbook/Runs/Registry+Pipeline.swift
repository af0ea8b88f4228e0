import Cookbook
import LuaRuntime

extension Registry {
    /// `rlhf.pipeline`.
    mutating func addPipeline(_ context: CookbookContext) {
        let defaults = PipelineConfig(logPath: "", modelName: context.modelName)
        let parameters =
            Self.pipelineData + RunSettings.placeParameters(context)
            + Self.pipelineSettings.map { $0.parameter(defaults) } + [evaluatorsParameter] + Self.stageParameters
        add(
            FunctionBinding(
                "rlhf.pipeline",
                doc: """
                    Supervised fine-tuning, a preference model and reinforcement learning in one call. Each stage \
                    has a folder of its own, \
                    `sft`, `rm` and `rl`; called again with the same log_path it goes on where it was.
                    """, style: .options, parameters: parameters,
                returns: "{sft, rm, rl: runs of the stages that ran, sft_checkpoint, rm_checkpoint, log_path}",
                example: "local result = rlhf.pipeline{smoke = true, batch_size = 4}\nprint(result.rl)"
            ) { call in
                var options = try OptionReader(call, 0)
                let conversations = try Self.pipelineSource(&options, "sft_dataset_builder", starter: "sft.jsonl")
                let comparisons = try Self.pipelineSource(&options, "rm_dataset_builder", starter: "comparisons.jsonl")
                let prompts =
                    options.table["prompts"].isNone ? [] : try options.prompts(takesTest: false).train.map(\.messages)
                _ = options.value("prompts")
                var config = defaults
                try Self.readStages(&options, into: &config)
                for setting in Self.pipelineSettings { try setting.apply(&options, to: &config) }
                var place = RunSettings.defaults(context)
                try place.takePlace(&options, kind: "rlhf", context: context)
                (config.logPath, config.modelName) = (place.logPath, place.modelName)
                let evaluators = try options.evaluators()
                try options.finish()
                return .work { [config] in
                    let chats = try conversations.conversations()
                    let pairs = try comparisons.comparisons()
                    chats.report.tell(context.progress)
                    pairs.report.tell(context.progress)
                    context.folders.add(config.logPath)
                    let result = try await Pipeline.run(
                        config,
                        data: Pipeline.Data(
                            conversations: chats.train.map(\.value), testConversations: chats.test.map(\.value),
                            preferences: PreferenceData(pairs), prompts: prompts),
                        evaluators: evaluators, service: context.service, index: context.preferenceModels, progress: context.progress)
                    func run(_ run: Run?) -> LuaValue { run.map { .object(RunObject($0, context: context)) } ?? .none }
                    return [
                        .table(
                            LuaTable(
                                fields: [
                                    ("sft", run(result.sft)), ("rm", run(result.rm)), ("rl", run(result.rl)),
                                    ("sft_checkpoint", LuaValue(result.sftCheckpoint)),
                                    ("rm_checkpoint", LuaValue(result.rmCheckpoint)),
                                    ("log_path", .string(config.logPath)),
                                ].filter { !$0.1.isNone }))
                    ]
                }
            })
    }

    private static let pipelineData = [
        ParameterDoc(
            "sft_dataset_builder", "DatasetBuilder | string | table[]", default: "rlhf.datasets.starter.sft{}",
            "conversations of the first stage"),
        ParameterDoc(
            "rm_dataset_builder", "DatasetBuilder | string | table[]", default: "rlhf.datasets.starter.comparisons{}",
            "comparisons of the second stage"),
        ParameterDoc(
            "prompts", "string[] | table[] | DatasetBuilder", default: "the prompts of the comparisons",
            "what the policy replies to in the third stage"),
    ]

    private static let stageParameters = ["sft", "rm", "rl"].map { stage in
        ParameterDoc(
            stage, "table", default: "{}",
            "options of this stage alone, as in "
                + ["sft": "rlhf.supervised.train", "rm": "rlhf.preference.train_comparator", "rl": "rlhf.rl.train"][
                    stage, default: ""])
    }

    /// What the recipe of the Python cookbook can be told, under its names.
    private static let pipelineSettings: [Setting<PipelineConfig>] = [
        Setting("renderer_name", \.rendererName, "what writes the conversations; nil takes the recommended one"),
        Setting("run_sft", \.runSft, "whether the first stage runs; else its last checkpoint is taken"),
        Setting("run_rm", \.runRm, "whether the second stage runs; else its last checkpoint is taken"),
        Setting("run_rl", \.runRl, "whether the third stage runs"),
        Setting("sft_learning_rate", \.sft.run.learningRate, "the first stage's learning rate"),
        Setting("rm_learning_rate", \.rm.run.learningRate, "the second stage's learning rate"),
        Setting("rl_learning_rate", \.rl.run.learningRate, "the third stage's learning rate"),
        Setting("rm_kind", \.rm.kind, "the kind of preference model"),
        Setting("rl_max_tokens", \.rl.maxTokens, "the most tokens of a reply"),
        Setting("rl_group_size", \.groupSize, "the replies to each prompt"),
        Setting("rl_groups_per_batch", \.groupsPerBatch, "the prompts of a step of the third stage"),
        Setting("tournament_pattern", \.tournamentPattern, "which replies of a group are compared"),
        Setting("allow_ungated", \.allowUngated, "takes a preference model that did not pass its gate"),
        Setting("smoke", \.smoke, "one step of each stage: shows in a minute that everything works"),
        shared("lora_rank", Int.self, "32", "the rank of every stage's adapter") { $0.loraRank = $1 },
        shared("save_every", Int.self, "20", "saves a checkpoint after this many steps") { $0.saveEvery = $1 },
        shared("eval_every", Int.self, "10", "evaluates before every step that this divides") { $0.evalEvery = $1 },
        shared("max_steps", Int.self, "nil", "the most steps of each stage") { $0.maxSteps = $1 },
        shared("seed", Int.self, "0", "fixes everything random") { $0.seed = $1 },
        batchSize, maxLength,
    ]

    /// A setting of all three stages.
    private static func shared<Value: OptionValue>(
        _ name: String, _ type: Value.Type, _ defaultText: String, _ doc: String,
        set: @escaping @Sendable (inout RunSettings, Value) -> Void
    ) -> Setting<PipelineConfig> {
        Setting(name) { _ in
            ParameterDoc(name, Value.typeName, default: defaultText, doc)
        } take: { (options, config) throws(LuaError) in
            guard let value = try options.value(name, as: Value.self) else { return }
            set(&config.sft.run, value)
            set(&config.rm.run, value)
            set(&config.rl.run, value)
        }
    }

    private static let batchSize = Setting<PipelineConfig>("batch_size") { _ in
        ParameterDoc("batch_size", "integer", default: "32", "the rows of a step of the first two stages")
    } take: { (options, config) throws(LuaError) in
        guard let size = try options.value("batch_size", as: Int.self) else { return }
        (config.sft.batchSize, config.rm.batchSize) = (size, size)
    }

    private static let maxLength = Setting<PipelineConfig>("max_length") { _ in
        ParameterDoc("max_length", "integer", default: "nil", "the most tokens of a row of the first two stages")
    } take: { (options, config) throws(LuaError) in
        guard let length = try options.value("max_length", as: Int.self) else { return }
        (config.sft.maxLength, config.rm.maxLength) = (length, length)
    }

    private static func pipelineSource(
        _ options: inout OptionReader, _ name: String, starter: String
    ) throws(LuaError) -> DatasetBuilder {
        let value = options.value(name)
        if value.isNone { return DatasetBuilder(source: .starter(starter)) }
        return try DatasetBuilder(value, place: "\(options.functionName): option '\(name)'")
    }

    /// Options of single stages: `sft = {num_epochs = 3}`.
    private static func readStages(_ options: inout OptionReader, into config: inout PipelineConfig) throws(LuaError) {
        func read<Config>(
            _ name: String, _ settings: [Setting<Config>], _ part: inout Config
        ) throws(LuaError) {
            guard let table = try options.optional(name, expected: "table of options", \.table) else { return }
            var stage = OptionReader("pipeline, \(name)", table)
            for setting in settings { try setting.apply(&stage, to: &part) }
            try stage.finish()
        }
        try read("sft", RunnerSettings.supervised, &config.sft)
        try read("rm", RunnerSettings.comparator, &config.rm)
        try read("rl", RunnerSettings.rl, &config.rl)
    }
}

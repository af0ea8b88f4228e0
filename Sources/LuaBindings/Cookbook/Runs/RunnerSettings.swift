import Cookbook
import LuaRuntime

/// The options that runners have in common, each a field of a configuration.
enum RunnerSettings {
    static let run: [Setting<RunSettings>] = [
        Setting(
            "renderer_name", \.rendererName,
            "what writes the conversations; nil takes the one recommended for the model"),
        Setting("learning_rate", \.learningRate, "the learning rate before the schedule"),
        Setting("lr_schedule", \.lrSchedule, "how the learning rate falls"),
        Setting("num_epochs", \.numEpochs, "how often the rows are gone through"),
        Setting("max_steps", \.maxSteps, "the most steps; nil means as many as the epochs have"),
        Setting("lora_rank", \.loraRank, "the rank of the adapter"),
        Setting("train_mlp", \.trainMlp, "whether the adapter has the MLP's matrices"),
        Setting("train_attn", \.trainAttn, "whether it has the attention's matrices"),
        Setting("train_unembed", \.trainUnembed, "whether it has the unembedding"),
        Setting("save_every", \.saveEvery, "saves a checkpoint after this many steps; 0 means never but at the end"),
        Setting("eval_every", \.evalEvery, "evaluates before every step that this divides; 0 means only at the end"),
        Setting("load_checkpoint_path", \.loadCheckpointPath, "saved state (tinker://RUN/weights/NAME) to begin with"),
        Setting("seed", \.seed, "fixes the order of rows, the adapter's first weights and what is sampled"),
        Setting("adam_beta1", \.adamBeta1, "AdamW's decay of the mean gradient"),
        Setting("adam_beta2", \.adamBeta2, "AdamW's decay of the mean squared gradient"),
        Setting("adam_eps", \.adamEps, "AdamW's epsilon"),
        Setting("weight_decay", \.weightDecay, "decoupled weight decay"),
        Setting("grad_clip_norm", \.gradClipNorm, "the largest norm of the gradient; 0 means no clipping"),
        Setting("behavior_if_log_dir_exists", \.behaviorIfLogDirExists, "what to do when the folder holds a run"),
    ]

    static let supervised: [Setting<SupervisedConfig>] =
        run.of(\.run) + [
            Setting("batch_size", \.batchSize, "the conversations of a step"),
            Setting(
                "max_length", \.maxLength,
                "the most tokens of a conversation, cut off on the right; nil means the context"),
            Setting("train_on_what", \.trainOnWhat, "which tokens carry loss"),
            Setting("submit_ahead", \.submitAhead, "how many steps may be sent before the oldest has been answered"),
        ]

    static let preference: [Setting<PreferenceConfig>] =
        run.of(\.run) + [
            Setting("batch_size", \.batchSize, "the comparisons of a step"),
            Setting(
                "max_length", \.maxLength,
                "the most tokens of an example; longer rows are left out; nil means the context"),
            Setting(
                "min_accuracy", \.gate.minAccuracy,
                "the least held-out accuracy with which the model may serve as a reward"),
        ]

    static let comparator: [Setting<PreferenceConfig>] =
        preference + [
            Setting(
                "min_order_agreement", \.gate.minOrderAgreement,
                "the least share of comparisons where both orders must agree for the model to serve as a reward"),
            swap,
        ]

    /// The Python cookbook's `swap = true` means both orders.
    private static let swap = Setting<PreferenceConfig>("swap") { _ in
        ParameterDoc(
            "swap", "boolean", default: "false",
            "whether every comparison is shown in both orders; else in one, drawn from seed, epoch and row")
    } take: { (options, config) throws(LuaError) in
        config.swap = try options.bool("swap", default: config.swap == .both) ? .both : .random
    }

    static let dpo: [Setting<DPOConfig>] =
        run.of(\.run) + [
            Setting("batch_size", \.batchSize, "the comparisons of a step"),
            Setting(
                "max_length", \.maxLength,
                "the most tokens of a prompt with a reply; rows with a longer one are left out; nil means the context"),
            Setting(
                "dpo_beta", \.dpoBeta, "how strongly the policy is held to the reference, the policy that the run begins with"),
        ]

    static let rl: [Setting<RLConfig>] =
        run.of(\.run) + [
            Setting("loss_fn", \.lossFn, "importance_sampling, ppo, cispo or dro"),
            lossConfig,
            Setting("temperature", \.temperature, "must be 1: logprobs are those at temperature 1"),
            Setting("num_substeps", \.numSubsteps, "into how many updates a batch is split"),
            Setting(
                "remove_constant_reward_groups", \.removeConstantRewardGroups,
                "leaves groups out whose rewards are equal"),
            Setting(
                "kl_penalty_coef", \.klPenaltyCoef,
                "how strongly the policy is held to the reference; 0 means not at all"),
            Setting("kl_discount_factor", \.klDiscountFactor, "how far back a token's penalty reaches"),
            Setting(
                "kl_reference_path", \.klReferencePath,
                "sampler weights of the reference; nil takes the policy at the start"),
            Setting("compute_post_kl", \.computePostKl, "measures how far each update moved the policy"),
            Setting(
                "rollout_error_tolerance", \.rolloutErrorTolerance,
                "leaves groups out whose reward or environment fails"),
            Setting(
                "drop_long_prompts", \.dropLongPrompts,
                "leaves prompts out that do not fit the context, in place of stopping"),
            Setting(
                "overflow_reward", \.overflowReward, "what a cut-off reply gets in a conversation with an environment"),
            Setting("parse_error_reward", \.parseErrorReward, "what a reply that cannot be read gets there"),
        ]

    private static let lossConfig = Setting<RLConfig>("loss_fn_config") { _ in
        ParameterDoc(
            "loss_fn_config", "table", default: "{}", "the loss's own settings, for instance {clip_low_threshold = 0.8}"
        )
    } take: { (options, config) throws(LuaError) in
        if let numbers = try options.numbers("loss_fn_config") { config.lossFnConfig = numbers }
    }
}

extension RunSettings {
    /// Settings of a kind of run with the session's model, and a folder of its own unless one was named.
    static func defaults(_ context: CookbookContext) -> RunSettings {
        RunSettings(logPath: "", modelName: context.modelName)
    }

    /// Reads `log_path` and `model_name`.
    mutating func takePlace(_ options: inout OptionReader, kind: String, context: CookbookContext) throws(LuaError) {
        modelName = try options.string("model_name", default: context.modelName)
        logPath = try options.value("log_path", as: String.self) ?? context.datedLogPath(kind)
    }

    static func placeParameters(_ context: CookbookContext) -> [ParameterDoc] {
        [
            ParameterDoc(
                "log_path", "string", default: "a dated folder below the session's log directory",
                "the run's folder; one that holds a run goes on from its last checkpoint"),
            ParameterDoc("model_name", "string", default: "the session's model", "the base model"),
        ]
    }
}

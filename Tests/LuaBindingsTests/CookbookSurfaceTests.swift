import Foundation
import LuaBindings
import LuaRuntime
import Testing

@Suite("The cookbook's surface")
struct CookbookSurfaceTests {
    @Test("everything has a meaning, every parameter a type and a meaning, every function an example")
    func documentation() {
        #expect(CookbookSession().registry.documentationGaps == [])
    }

    @Test("all of section 5 is there")
    func names() {
        let paths = Set(CookbookSession().registry.functions.map(\.path))
        let expected = [
            "rlhf.renderers.get_renderer", "rlhf.renderers.register", "rlhf.model_info.get_recommended_renderer_name",
            "rlhf.hyperparam_utils.get_lr", "rlhf.checkpoint_utils.get_last_checkpoint", "rlhf.supervised.train",
            "rlhf.supervised.start", "rlhf.preference.train_bradley_terry", "rlhf.preference.start_bradley_terry",
            "rlhf.preference.train_comparator", "rlhf.preference.start_comparator", "rlhf.preference.model",
            "rlhf.preference.train_dpo", "rlhf.preference.start_dpo",
            "rlhf.rl.train", "rlhf.rl.start", "rlhf.rl.RewardFunctionBuilder", "rlhf.rl.ProblemEnv",
            "rlhf.rl.PairwisePreferenceRLDatasetBuilder", "rlhf.rl.MessageEnvBuilder", "rlhf.pipeline",
            "rlhf.datasets.jsonl", "rlhf.datasets.conversations", "rlhf.datasets.comparisons", "rlhf.datasets.hh",
            "rlhf.datasets.NoRobotsBuilder", "rlhf.datasets.HHHComparisonBuilder",
            "rlhf.datasets.ComparisonBuilderFromJsonl", "rlhf.datasets.starter.sft",
            "rlhf.datasets.starter.comparisons",
            "rlhf.evaluators.win_rate", "rlhf.evaluators.rubric", "rlhf.display.table", "rlhf.display.trajectory",
        ]
        for path in expected { #expect(paths.contains(path), "\(path)") }
    }

    @Test("defaults in the documentation are those of the configurations")
    func defaults() throws {
        let registry = CookbookSession().registry
        func defaultValue(_ path: String, _ name: String) -> String? {
            registry.functions.first { $0.path == path }?.parameters.first { $0.name == name }?.defaultValue
        }
        #expect(defaultValue("rlhf.supervised.train", "learning_rate") == "0.0001")
        #expect(defaultValue("rlhf.supervised.train", "lr_schedule") == "\"linear\"")
        #expect(defaultValue("rlhf.rl.train", "lr_schedule") == "\"constant\"")
        #expect(defaultValue("rlhf.supervised.train", "max_steps") == "nil")
        #expect(defaultValue("rlhf.supervised.train", "train_on_what") == "\"all_assistant_messages\"")
        #expect(defaultValue("rlhf.preference.train_bradley_terry", "min_accuracy") == "0.6")
        #expect(defaultValue("rlhf.preference.train_dpo", "dpo_beta") == "0.1")
        #expect(defaultValue("rlhf.preference.train_dpo", "learning_rate") == "1e-05")
        #expect(defaultValue("rlhf.rl.train", "loss_fn") == "\"importance_sampling\"")
        #expect(defaultValue("rlhf.pipeline", "sft_learning_rate") == "0.0002")
    }

    @Test("constants are known to help, to completion and to Lua")
    func constants() async throws {
        let registry = CookbookSession().registry
        #expect(registry.helpText("rlhf.TrainOnWhat")?.contains("LAST_ASSISTANT_TURN") == true)
        #expect(registry.helpText("rlhf")?.contains("rlhf.TrainOnWhat  Which tokens") == true)
        #expect(registry.names.contains("rlhf.TrainOnWhat"))
        let state = try LuaState { _ in }
        try registry.install(into: state)
        #expect(state.completions(for: "x = rlhf.TrainOn").map(\.text) == ["rlhf.TrainOnWhat"])
    }

    @Test("every example compiles")
    func examples() throws {
        let state = try LuaState { _ in }
        let registry = CookbookSession().registry
        let bindings = registry.functions + registry.types.flatMap { $0.methods + $0.properties }
        for binding in bindings where !binding.example.isEmpty {
            let statement = state.compileError(binding.example, name: binding.path)
            let expression = state.compileError("return " + binding.example, name: binding.path)
            #expect(statement == nil || expression == nil, "\(binding.path): \(statement?.message ?? "")")
        }
    }

    @Test(
        "misspelt options are errors that name what was meant",
        arguments: [
            ("rlhf.supervised.train{dataset_builder = {}, learning_rat = 1}", "learning_rate"),
            ("rlhf.preference.train_bradley_terry{dataset_builder = {}, num_epoch = 1}", "num_epochs"),
            ("rlhf.preference.train_comparator{dataset_builder = {}, swop = true}", "swap"),
            ("rlhf.preference.train_dpo{dataset_builder = {}, beta = 0.1}", "dpo_beta"),
            ("rlhf.rl.RewardFunctionBuilder{prompts = {'a'}, reward = print, groupsize = 2}", "group_size"),
            ("rlhf.pipeline{smokee = true}", "smoke"), ("rlhf.datasets.starter.sft{batchsize = 4}", "batch_size"),
            ("rlhf.evaluators.rubric{prompts = {'a'}, max_token = 4}", "max_tokens"),
        ])
    func unknownOptions(source: String, meant: String) async throws {
        let error = try #require(try await CookbookSession().run(source).error)
        #expect(error.kind == "usage")
        #expect(error.message.contains("unknown option"))
        #expect(error.hint?.contains("'\(meant)'") == true, "\(error.hint ?? "no hint")")
        #expect(error.cell == "cell[1]" && error.line == 1)
    }

    @Test("values of the wrong type or outside of a choice are named")
    func wrongValues() async throws {
        let session = CookbookSession()
        let rate = try await session.run("rlhf.supervised.train{dataset_builder = {}, learning_rate = 'high'}")
        #expect(rate.error?.message == "train: option 'learning_rate' expected number, got \"high\"")
        let schedule = try await session.run("rlhf.supervised.train{dataset_builder = {}, lr_schedule = 'cosin'}")
        #expect(schedule.error?.message == "train: option 'lr_schedule' cannot be \"cosin\"")
        #expect(schedule.error?.hint == "did you mean 'cosine'?")
        let mode = try await session.run("return rlhf.TrainOnWhat.LAST_ASSISTENT_MESSAGE")
        #expect(mode.error?.hint?.contains("LAST_ASSISTANT_MESSAGE") == true)
        let missing = try await session.run("rlhf.supervised.train{}")
        #expect(missing.error?.message.contains("'dataset_builder' is missing") == true)
    }

    @Test("rows are shown as a table, with the columns asked for")
    func table() async throws {
        let outcome = try await CookbookSession().run(
            "rlhf.display.table({{name = 'sft', nll = 1.98764}, {name = 'base'}}, {'name', 'nll'})\nrlhf.display.table{{1, 'x'}, {2}}"
        )
        #expect(outcome.printed == "name     nll\n────  ──────\nsft   1.9876\nbase\n1  2\n─  ─\n1  x\n2\n")
        let wrong = try await CookbookSession().run("rlhf.display.table({{name = 1}}, {'nmae'})")
        #expect(wrong.error?.message.contains("no row has a column 'nmae'") == true)
        #expect(wrong.error?.hint == "did you mean 'name'?")
    }

    @Test("what is known of models by name")
    func models() async throws {
        let outcome = try await CookbookSession().run(
            """
            local name = 'SmolLM2-135M-Instruct'
            return rlhf.model_info.get_recommended_renderer_name(name), rlhf.hyperparam_utils.get_lr(name, {is_lora = false}) < 1e-4,
              rlhf.hyperparam_utils.get_lora_param_count(name, {lora_rank = 1}) > 0, rlhf.checkpoint_utils.get_last_checkpoint('{FOLDER}/none')
            """)
        #expect(outcome.error == nil)
        #expect(outcome.shown == "chatml true true nil")
    }
}

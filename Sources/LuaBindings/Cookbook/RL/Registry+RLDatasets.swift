import Cookbook
import LuaRuntime

extension Registry {
    /// What `rlhf.rl.train` trains on.
    mutating func addRLDatasets(_ context: CookbookContext) {
        describe(module: "rlhf.rl", "Reinforcement learning from rewards of groups of replies.")
        add(RLDatasetObject.binding)
        add(Self.rewardFunctionBuilder, Self.problemEnv, Self.messageEnvBuilder, Self.pairwiseBuilder(context))
    }

    static let promptsParameter = ParameterDoc(
        "prompts", "string[] | table[] | DatasetBuilder",
        """
        what the policy replies to: texts, conversations, rows with `prompt` and fields of their own, or \
        the prompts of a data set
        """
    )

    private static let rewardFunctionBuilder = FunctionBinding(
        "rlhf.rl.RewardFunctionBuilder", doc: "Prompts whose single replies a Lua function rewards.", style: .options,
        parameters: [
            promptsParameter,
            ParameterDoc(
                "reward", "function(prompt, response, info) -> number [, metrics]",
                "what a reply is worth; info has `row`, `messages`, `tokens`, `ended` and the prompt row's own fields"),
            ParameterDoc(
                "test_prompts", "same as prompts", default: "the data set's held-out prompts",
                "prompts rewarded at evaluations"),
            ParameterDoc(
                "format_coef", "number", default: "0", "taken off the reward of a reply that did not end by itself"),
        ] + GroupSizes.parameters, returns: "RLDatasetBuilder",
        example: """
            local builder = rlhf.rl.RewardFunctionBuilder{
              prompts = {"Name a colour.", "Name an animal."}, group_size = 4, batch_size = 2,
              reward = function(prompt, response, info) return info.tokens < 8 and 1 or 0 end,
            }
            """
    ) { call in
        var options = try OptionReader(call, 0)
        let (rows, testRows) = try options.prompts()
        let function = try options.function("reward")
        let coefficient = try options.double("format_coef", default: 0)
        let sizes = try GroupSizes(&options)
        try options.finish()
        func dataset(_ rows: [PromptRow], groupSize: Int) -> RewardFunctionRLDataset {
            let reward = LuaReward(function: function, rows: rows)
            return RewardFunctionRLDataset(
                prompts: rows.map(\.messages), groupSize: groupSize, batchSize: sizes.batchSize,
                formatCoefficient: coefficient
            ) { try await reward.reward($0) }
        }
        return .value(
            .object(
                RLDatasetObject(
                    name: "RewardFunctionBuilder", dataset: dataset(rows, groupSize: sizes.groupSize),
                    test: testRows.isEmpty ? nil : dataset(testRows, groupSize: 1))))
    }

    private static let problemEnv = FunctionBinding(
        "rlhf.rl.ProblemEnv",
        doc:
            "Questions whose answers can be checked: reward 1 for a right answer, less `format_coef` for a bad format.",
        style: .options,
        parameters: [
            ParameterDoc(
                "problems", "table[] | DatasetBuilder", "rows {prompt =, ...}; their fields reach the functions"),
            ParameterDoc(
                "test_problems", "same as problems", default: "the data set's held-out rows",
                "problems asked at evaluations"),
            ParameterDoc("check_answer", "function(response, problem) -> boolean", "whether a reply is right"),
            ParameterDoc(
                "check_format", "function(response, problem) -> boolean", default: "always true",
                "whether a reply has the right form"),
            ParameterDoc("format_coef", "number", default: "0.1", "taken off the reward of a badly formatted reply"),
            ParameterDoc("convo_prefix", "table[]", default: "{}", "messages that stand before every question"),
        ] + GroupSizes.parameters, returns: "RLDatasetBuilder",
        example: """
            local sums = rlhf.rl.ProblemEnv{
              problems = {{prompt = "2 + 3?", answer = "5"}, {prompt = "4 + 4?", answer = "8"}}, batch_size = 2,
              check_answer = function(response, problem) return response:find(problem.answer, 1, true) ~= nil end,
            }
            """
    ) { call in
        var options = try OptionReader(call, 0)
        let (rows, testRows) = try options.prompts("problems")
        let checkAnswer = try options.function("check_answer")
        let checkFormat = try options.optional("check_format", expected: "function", \.function)
        let coefficient = try options.double("format_coef", default: 0.1)
        let prefixValue = options.value("convo_prefix")
        let prefix =
            prefixValue.isNone
            ? [] : try prefixValue.messages(place: "\(call.functionName): convo_prefix", textRole: "system")
        let sizes = try GroupSizes(&options)
        try options.finish()
        @Sendable func check(_ function: LuaFunction, _ row: PromptRow, _ response: String) async throws -> Bool {
            var problem = row.fields
            problem["prompt"] = row.shown
            let values = try await function.call([.string(response), .table(problem)])
            guard let answer = values.first?.boolean else {
                throw function.error("the check returned \(values.first?.brief ?? "nil"), expected true or false")
            }
            return answer
        }
        func dataset(_ rows: [PromptRow], groupSize: Int) -> ProblemRLDataset {
            ProblemRLDataset(
                problems: rows.map { row in
                    ProblemRLDataset.Problem(
                        question: prefix + row.messages, checkAnswer: { try await check(checkAnswer, row, $0) },
                        checkFormat: { response in
                            guard let checkFormat else { return true }
                            return try await check(checkFormat, row, response)
                        })
                }, groupSize: groupSize, batchSize: sizes.batchSize, formatCoefficient: coefficient)
        }
        return .value(
            .object(
                RLDatasetObject(
                    name: "ProblemEnv", dataset: dataset(rows, groupSize: sizes.groupSize),
                    test: testRows.isEmpty ? nil : dataset(testRows, groupSize: 1))))
    }

    private static let messageEnvBuilder = FunctionBinding(
        "rlhf.rl.MessageEnvBuilder",
        doc: """
            Conversations with environments. An environment is a table with the methods `initial_observation`, \
            which returns messages, \
            and `step`, which gets the policy's message and returns {reward, episode_done, next_messages, metrics}.
            """, style: .options,
        parameters: [
            ParameterDoc("make", "function(row) -> environment", "makes a fresh environment for an episode of a row"),
            ParameterDoc("rows", "integer | any[]", "what `make` gets, one after the other; a number counts from 1"),
        ] + GroupSizes.parameters, returns: "RLDatasetBuilder",
        example: """
            local builder = rlhf.rl.MessageEnvBuilder{
              rows = {"red", "blue"}, batch_size = 2, group_size = 2,
              make = function(colour)
                local env = {}
                function env:initial_observation() return {{role = "user", content = "Guess my colour."}} end
                function env:step(message)
                  return {reward = message.content:find(colour) and 1 or 0, episode_done = true}
                end
                return env
              end,
            }
            """
    ) { call in
        var options = try OptionReader(call, 0)
        let make = try options.function("make")
        let rowsValue = options.value("rows")
        let rows: [LuaValue]
        if let count = rowsValue.integer, count > 0 {
            rows = (1...count).map { .integer($0) }
        } else if let items = rowsValue.table?.array, !items.isEmpty {
            rows = items
        } else {
            throw options.mismatch("rows", expected: "list, or a number of rows")
        }
        let sizes = try GroupSizes(&options)
        try options.finish()
        let dataset = MessageEnvRLDataset(count: rows.count, batchSize: sizes.batchSize, groupSize: sizes.groupSize) {
            row in
            try LuaMessageEnv(try await make.call([rows[row]]), maker: make)
        }
        return .value(.object(RLDatasetObject(name: "MessageEnvBuilder", dataset: dataset)))
    }

    private static func pairwiseBuilder(_ context: CookbookContext) -> FunctionBinding {
        FunctionBinding(
            "rlhf.rl.PairwisePreferenceRLDatasetBuilder",
            doc:
                """
                Prompts whose replies compete with each other before a preference model; the reward is \
                wins minus losses over matches.
                """,
            style: .options,
            parameters: [
                promptsParameter,
                ParameterDoc(
                    "preference_model", "PreferenceModel | string | function(comparison) -> number",
                    "the judge: a model, the sampler path of one, or a function that returns -1 (A is better) to 1"),
                ParameterDoc(
                    "tournament_pattern", "string", default: "\"all_pairs_both_ways\"", "or \"all_pairs_one_way\""),
                ParameterDoc("matchup_group_size", "integer", default: "4", "how many replies play among themselves"),
                ParameterDoc("format_coef", "number", default: "1", "taken off the result of a reply that was cut off"),
                ParameterDoc(
                    "accept_eos", "boolean", default: "true", "whether the plain end of text is a good ending too"),
                ParameterDoc(
                    "allow_ungated", "boolean", default: "false", "takes a judge that did not pass its held-out gate"),
            ] + GroupSizes.parameters, returns: "RLDatasetBuilder",
            example: """
                local builder = rlhf.rl.PairwisePreferenceRLDatasetBuilder{
                  prompts = rlhf.datasets.starter.comparisons{}, batch_size = 8, group_size = 4,
                  preference_model = rm.checkpoint.sampler_path,
                }
                """
        ) { call in
            var options = try OptionReader(call, 0)
            let rows = try options.prompts(takesTest: false).train
            let judge = try PreferenceJudge(&options, name: "preference_model")
            let pattern = try options.value("tournament_pattern", default: TournamentPattern.allPairsBothWays)
            let matchup = try options.int("matchup_group_size", default: 4, atLeast: 2)
            let coefficient = try options.double("format_coef", default: 1)
            let acceptsEos = try options.bool("accept_eos", default: true)
            let allowUngated = try options.bool("allow_ungated", default: false)
            let sizes = try GroupSizes(&options)
            try options.finish()
            return .work {
                let model = try await judge.open(context)
                // No held-out prompts: the results of a tournament sum to zero whatever the policy has learnt. Win
                // rates show it.
                let dataset = PairwisePreferenceRLDataset(
                    prompts: rows.map(\.messages), model: model, groupSize: sizes.groupSize,
                    batchSize: sizes.batchSize, pattern: pattern, matchupGroupSize: matchup,
                    formatCoefficient: coefficient, acceptsEos: acceptsEos, allowUngated: allowUngated)
                return [.object(RLDatasetObject(name: "PairwisePreferenceRLDatasetBuilder", dataset: dataset))]
            }
        }
    }
}

extension OptionReader {
    /// Prompts to train with, and those held out: of `test_prompts`, else of the data set.
    mutating func prompts(
        _ name: String = "prompts", takesTest: Bool = true
    ) throws(LuaError) -> (train: [PromptRow], test: [PromptRow]) {
        let value = value(name)
        guard !value.isNone else { throw mismatch(name, expected: "list of prompts") }
        var rows = try PromptRow.read(value, place: "\(functionName): option '\(name)'")
        if takesTest {
            let held = self.value("test_\(name)")
            if !held.isNone {
                rows.test = try PromptRow.read(held, place: "\(functionName): option 'test_\(name)'").train
            }
        }
        return rows
    }
}

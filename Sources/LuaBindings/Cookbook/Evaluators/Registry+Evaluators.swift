import Cookbook
import Foundation
import JSON
import LuaRuntime
import TrainingAPI

extension Registry {
    /// `rlhf.evaluators`.
    mutating func addEvaluators(_ context: CookbookContext) {
        describe(module: "rlhf.evaluators", "Measures of a run's weights, beside the test rows.")
        add(EvaluatorObject.binding)
        add(Self.winRate(context), Self.rubric, Self.customEvaluator)
    }

    private static let samplingParameters = [
        ParameterDoc("max_tokens", "integer", default: "64", "the most tokens of a reply"),
        ParameterDoc("temperature", "number", default: "1", "how replies are drawn"),
        ParameterDoc("seed", "integer", default: "0", "the same replies come from the same weights"),
    ]

    private static func winRate(_ context: CookbookContext) -> FunctionBinding {
        FunctionBinding(
            "rlhf.evaluators.win_rate",
            doc: """
                How often a judge prefers the policy's reply to another one, asked in both orders: `win_rate/NAME` \
                with `/stderr`, \
                `/ended_by_stop` and `/mean_tokens`.
                """, style: .options,
            parameters: [
                ParameterDoc(
                    "name", "string", default: "\"sft\" against a policy, else \"reference\"",
                    "what the metrics are named after"),
                ParameterDoc(
                    "preference_model", "PreferenceModel | string | function(comparison) -> number",
                    "the judge: a model, its sampler path, or a function"),
                promptsParameter,
                ParameterDoc("replies", "string[]", default: "nil", "replies to compare with, one for each prompt"),
                ParameterDoc(
                    "reference", "SamplingClient | string", default: "nil",
                    "a policy to compare with, or its sampler path; sampled once"),
            ] + samplingParameters, returns: "Evaluator",
            example: """
                local win_rate = rlhf.evaluators.win_rate{
                  preference_model = pm, prompts = {"Name a colour."}, reference = sft.checkpoint.sampler_path}
                """
        ) { call in
            var options = try OptionReader(call, 0)
            let judge = try PreferenceJudge(&options, name: "preference_model")
            // Held-out prompts measure; a data set without any is measured on what it has.
            let rows = try options.prompts(takesTest: false)
            let prompts = (rows.test.isEmpty ? rows.train : rows.test).map(\.messages)
            let hasReplies = !options.table["replies"].isNone
            let replies = hasReplies ? try options.list("replies", of: "string", \.string) : []
            if !hasReplies { _ = options.value("replies") }
            let reference = options.value("reference")
            guard hasReplies == reference.isNone else {
                throw LuaError.usage(
                    "\(call.functionName): give either replies or reference",
                    hint: "replies = {...} compares with texts, reference = sampler path with another policy")
            }
            guard reference.isNone || reference.string != nil || reference.object is SamplingClientObject else {
                throw options.mismatch("reference", expected: "SamplingClient or sampler path")
            }
            let name = try options.string("name", default: hasReplies ? "reference" : "sft")
            let sampling = try ReplySampler(&options)
            try options.finish()
            return .work {
                let opponent: WinRateEvaluator.Opponent
                if let path = reference.string {
                    opponent = .policy(try await context.service.createSamplingClient(modelPath: path).value)
                } else if let object = reference.object as? SamplingClientObject {
                    opponent = .policy(object.client)
                } else {
                    opponent = .replies(replies)
                }
                let evaluator = try WinRateEvaluator(
                    name: name, model: try await judge.open(context), prompts: prompts, opponent: opponent,
                    sampling: sampling)
                return [.object(EvaluatorObject(evaluator))]
            }
        }
    }

    private static let rubric = FunctionBinding(
        "rlhf.evaluators.rubric",
        doc: """
            Holds replies against rules that no judge has a part in: `rubric/pass`, `/length`, `/not_curt`, \
            `/ended_by_stop`, \
            `/no_filler`, `/keyword` and `/mean_tokens`.
            """, style: .options,
        parameters: [
            ParameterDoc("name", "string", default: "\"rubric\"", "the prefix of the metrics"),
            ParameterDoc(
                "prompts", "string[] | table[] | DatasetBuilder", default: "the starter data's held-out prompts",
                "prompts; a row's `keywords` are words of which a right reply contains one"),
            ParameterDoc(
                "phrases", "string[]", default: "the starter data's filler",
                "a good reply shares no four words in a row with them"),
            ParameterDoc("max_reply_tokens", "integer", default: "30", "longer replies are too long"),
            ParameterDoc("min_words", "integer", default: "4", "replies of fewer words are curt"),
        ] + samplingParameters, returns: "Evaluator", example: "local rubric = rlhf.evaluators.rubric{max_tokens = 48}"
    ) { call in
        var options = try OptionReader(call, 0)
        let name = try options.string("name", default: "rubric")
        let rows: [PromptRow]
        if options.table["prompts"].isNone {
            _ = options.value("prompts")
            rows = try cookbook { LoadedRows.conversations(try StarterData.conversations()).prompts.test }
        } else {
            let read = try options.prompts(takesTest: false)
            rows = read.test.isEmpty ? read.train : read.test
        }
        var phrases = try options.list("phrases", of: "string", default: [], \.string)
        if options.table["phrases"].isNone { phrases = try cookbook { try starterPhrases() } }
        let rubric = Rubric(
            phrases: phrases, maxTokens: try options.int("max_reply_tokens", default: 30, atLeast: 1),
            minWords: try options.int("min_words", default: 4, atLeast: 0))
        let sampling = try ReplySampler(&options)
        try options.finish()
        let items = try rows.enumerated().map { index, row in
            RubricEvaluator.Item(
                prompt: row.messages,
                keywords: try row.fields["keywords"].table?.array.map { value in
                    guard let word = value.string else {
                        throw LuaError.usage("\(call.functionName): keywords of prompt \(index + 1) must be strings")
                    }
                    return word
                } ?? [])
        }
        return .value(
            .object(
                EvaluatorObject(
                    try cookbook { try RubricEvaluator(name: name, items: items, rubric: rubric, sampling: sampling) }))
        )
    }

    /// Every phrase of the starter data's pools.
    private static func starterPhrases() throws -> [String] {
        let path = try StarterData.find("phrases.json")
        guard let data = FileManager.default.contents(atPath: path), let value = try? JSONValue(parsing: Array(data)) else {
            throw CookbookError.data("the pools of phrases cannot be read", file: path)
        }
        func texts(_ value: JSONValue) -> [String] {
            switch value {
            case .string(let text): [text]
            case .array(let items): items.flatMap(texts)
            case .object(let members): members.sorted { $0.key < $1.key }.flatMap { texts($0.value) }
            default: []
            }
        }
        return texts(value)
    }

    private static let customEvaluator = FunctionBinding(
        "rlhf.evaluators.custom",
        doc: "An evaluator of your own. A bare function in `evaluators` does the same.", style: .options,
        parameters: [
            ParameterDoc("name", "string", default: "\"custom\"", "what errors call it"),
            ParameterDoc(
                "evaluate", "function(context) -> metrics",
                "gets {step, sampling_client, training_client, renderer}, returns numbers by name"),
        ], returns: "Evaluator",
        example: """
            local probe = rlhf.evaluators.custom{evaluate = function(context)
              local prompt = context.renderer:build_generation_prompt{{role = "user", content = "Hi"}}
              local response = context.sampling_client:sample{prompt = prompt, num_samples = 1,
                sampling_params = rlhf.SamplingParams{max_tokens = 8}}:result()
              return {["probe/tokens"] = #response.sequences[1].tokens}
            end}
            """
    ) { call in
        var options = try OptionReader(call, 0)
        let name = try options.string("name", default: "custom")
        let function = try options.function("evaluate")
        try options.finish()
        return .value(.object(EvaluatorObject(LuaEvaluator(name: name, function: function))))
    }
}

extension ReplySampler {
    /// Reads `max_tokens`, `temperature` and `seed`.
    init(_ options: inout OptionReader) throws(LuaError) {
        self.init(
            maxTokens: try options.int("max_tokens", default: 64, atLeast: 1),
            temperature: try options.double("temperature", default: 1, in: 0 ... .infinity),
            seed: try options.int("seed", default: 0))
    }
}

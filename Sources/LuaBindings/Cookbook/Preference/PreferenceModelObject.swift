import Cookbook
import JSON
import LuaRuntime

/// A preference model as Lua holds it.
final class PreferenceModelObject: LuaObject {
    static let luaType = "PreferenceModel"
    let model: any PreferenceModel
    private let progress: any ProgressSink

    /// A model that tells `progress` how far its evaluations are.
    init(_ model: any PreferenceModel, progress: any ProgressSink) {
        self.model = model
        self.progress = progress
    }

    private func evaluate(_ dataset: ComparisonDataset) async throws -> PreferenceReport {
        let rows = dataset.test.isEmpty ? dataset.train : dataset.test
        let categories = rows.map { $0.fields["failure"]?.string ?? $0.fields["category"]?.string }
        return try await model.evaluate(rows.map(\.value), categories: categories) { [progress] done in
            progress.report(StageProgress(stage: "evaluation", done: done, total: rows.count, unit: "row"))
        }
    }
}

extension PreferenceModelObject {
    /// The type in Lua.
    static let binding = TypeBinding(
        name: luaType, doc: "Says which of two replies is better.",
        properties: [
            FunctionBinding("kind", doc: "\"bradley_terry\", \"comparator\" or \"rule\".", returns: "string") {
                .value(.string(try $0.object(0, as: PreferenceModelObject.self).model.kind.rawValue))
            },
            FunctionBinding(
                "verdict",
                doc: "What the gate said of these weights on held-out comparisons; nil if they were not measured.",
                returns: "{passed, reasons, report}"
            ) { call in
                guard let verdict = try call.object(0, as: PreferenceModelObject.self).model.verdict else {
                    return .value(.none)
                }
                return .value(
                    .table([
                        "passed": .boolean(verdict.passed),
                        "reasons": LuaValue(list: verdict.reasons.map { .string($0) }),
                        "report": .object(PreferenceReportObject(verdict.report)),
                    ]))
            },
        ],
        methods: [compare, compareMany, score, evaluate],
        operators: [
            FunctionBinding("__tostring", doc: "Shows the kind.") {
                .value(
                    .string("PreferenceModel(\(try $0.object(0, as: PreferenceModelObject.self).model.kind.rawValue))"))
            }
        ])

    private static let comparisonInWords =
        "{prompt_conversation =, completion_A =, completion_B =}, each a text or a list of messages"

    private static let compare = FunctionBinding(
        "compare", doc: "Judges two replies.", style: .options,
        parameters: [
            ParameterDoc("prompt_conversation", "string | table[]", "what both reply to"),
            ParameterDoc("completion_A", "string | table[]", "the first reply"),
            ParameterDoc("completion_B", "string | table[]", "the second reply"),
        ], returns: "a number from -1 (A is better) to 1 (B is better)",
        example: "pm:compare{prompt_conversation = \"2 + 2?\", completion_A = \"4\", completion_B = \"Who knows.\"}"
    ) { call in
        let model = try call.object(0, as: PreferenceModelObject.self).model
        let comparison = try call[1].comparison(place: call.functionName)
        return .work { [.number(try await model.compare(comparison))] }
    }

    private static let compareMany = FunctionBinding(
        "compare_many", doc: "Judges many pairs at once.",
        parameters: [ParameterDoc("comparisons", "table[]", "comparisons: \(comparisonInWords)")],
        returns: "a list of numbers from -1 (A is better) to 1",
        example: "local values = pm:compare_many{first, second}"
    ) { call in
        let model = try call.object(0, as: PreferenceModelObject.self).model
        let comparisons = try call.table(1).array.enumerated().map { index, value in
            try value.comparison(place: "\(call.functionName): item \(index + 1)")
        }
        return .work { [LuaValue(list: try await model.compareMany(comparisons).map { .number($0) })] }
    }

    private static let score = FunctionBinding(
        "score",
        doc: "The score of a conversation's last reply, where the model scores single replies; higher is better.",
        parameters: [
            ParameterDoc(
                "conversation", "table[]",
                "a conversation that ends with a reply; a list of conversations gives a list of scores")
        ], returns: "number, or a list of them",
        example: "pm:score{{role = \"user\", content = \"2 + 2?\"}, {role = \"assistant\", content = \"4\"}}"
    ) { call in
        let model = try call.object(0, as: PreferenceModelObject.self).model
        let items = try call.table(1).array
        // A list of lists is many conversations.
        if let first = items.first?.table, first.fields.isEmpty, !first.array.isEmpty {
            let conversations = try items.enumerated().map { index, value in
                try value.messages(place: "\(call.functionName): conversation \(index + 1)")
            }
            return .work { [LuaValue(list: try await model.score(conversations).map { .number($0) })] }
        }
        let conversation = try call[1].messages(place: "\(call.functionName): conversation")
        guard conversation.last?.role == "assistant" else {
            throw LuaError.usage("\(call.functionName): the conversation does not end with an assistant message")
        }
        return .work { [try await model.score([conversation]).first.map { .number($0) } ?? .none] }
    }

    private static let evaluate = FunctionBinding(
        "evaluate", doc: "How the model does on labelled comparisons, each asked in both orders.",
        parameters: [
            ParameterDoc(
                "comparisons", "DatasetBuilder | string | table[]",
                "labelled comparisons; of a data set with held-out rows, those")
        ],
        returns: PreferenceReportObject.luaType,
        example: "print(pm:evaluate(rlhf.datasets.starter.comparisons{}))"
    ) { call in
        let judge = try call.object(0, as: PreferenceModelObject.self)
        let builder = try DatasetBuilder(call[1], place: "\(call.functionName): comparisons")
        return .work {
            [.object(PreferenceReportObject(try await judge.evaluate(try builder.comparisons())))]
        }
    }
}

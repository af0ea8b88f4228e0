import Cookbook
import LuaRuntime

extension Registry {
    /// `rlhf.preference.model` and `.rule`.
    mutating func addPreferenceModels(_ context: CookbookContext) {
        describe(
            module: "rlhf.preference", "What people prefer: models of it, to train and to ask, and policies trained on it directly.")
        add(PreferenceModelObject.binding)
        add(PreferenceReportObject.binding)
        add(
            FunctionBinding(
                "rlhf.preference.model", doc: "Opens a trained preference model of either kind.",
                parameters: [
                    ParameterDoc("sampler_path", "string", "its weights: run.checkpoint.sampler_path"),
                    ParameterDoc(
                        "options", "table", default: "{}",
                        """
                        `log_path`: the run's folder, for weights that were trained on another machine; \
                        `kind` and `renderer_name`: for weights without a \
                        folder; `hard` (false): a comparator then answers -1, 0 or 1, as in the Python cookbook
                        """),
                ], returns: "PreferenceModel", example: "local pm = rlhf.preference.model(rm.checkpoint.sampler_path)"
            ) { call in
                let path = try call.string(0)
                var options = try OptionReader(call, 1)
                let logPath = try options.value("log_path", as: String.self)
                let kind = try options.value("kind", as: PreferenceModelKind.self)
                let renderer = try options.value("renderer_name", as: String.self)
                let isHard = try options.bool("hard", default: false)
                try options.finish()
                return .work {
                    let model = try await TrainedPreferenceModel.open(
                        samplerPath: path, service: context.service,
                        index: logPath == nil ? context.preferenceModels : nil, roots: logPath.map { [$0] } ?? context.preferenceRoots,
                        kind: kind,
                        rendererName: renderer, isHard: isHard)
                    return [.object(PreferenceModelObject(model, progress: context.progress))]
                }
            },
            FunctionBinding(
                "rlhf.preference.rule",
                doc: "A preference model made of a function: a rule of thumb instead of training.",
                parameters: [
                    ParameterDoc(
                        "compare", "function(comparison) -> number", default: "prefers the shorter reply",
                        """
                        from -1 (A is better) to 1 (B is better); gets {prompt_conversation, \
                        completion_A, completion_B}
                        """
                    )
                ], returns: "PreferenceModel",
                example: "local shorter = rlhf.preference.rule()"
            ) { call in
                let model =
                    call[0].isNone ? RulePreferenceModel.shorterWins : RulePreferenceModel(lua: try call.function(0))
                return .value(.object(PreferenceModelObject(model, progress: context.progress)))
            })
    }
}

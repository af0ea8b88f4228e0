import Cookbook
import Display
import LuaRuntime

/// A run as Lua holds it: what runners return.
final class RunObject: LuaObject {
    static let luaType = "Run"
    let run: Run
    let context: CookbookContext

    init(_ run: Run, context: CookbookContext) {
        self.run = run
        self.context = context
    }
}

extension LuaValue {
    /// A checkpoint's record with the names of `checkpoints.jsonl`.
    init(_ record: CheckpointRecord) {
        var table: LuaTable = [
            "name": .string(record.name), "batch": .integer(record.batch), "epoch": .integer(record.epoch),
            "next_step": .integer(record.nextStep), "state_path": LuaValue(optional: record.statePath),
            "sampler_path": LuaValue(optional: record.samplerPath),
            "renderer_name": LuaValue(optional: record.rendererName),
            "kl_reference_path": LuaValue(optional: record.klReferencePath),
            "dpo_reference_path": LuaValue(optional: record.dpoReferencePath),
        ]
        if record.final == true { table["final"] = true }
        self = .table(LuaTable(fields: table.fields.filter { !$0.value.isNone }))
    }
}

extension RunObject {
    /// A property that asks the run.
    private static func property(
        _ name: String, _ doc: String, _ returns: String, read: @escaping @Sendable (RunObject) async throws -> LuaValue
    ) -> FunctionBinding {
        FunctionBinding(name, doc: doc, returns: returns) { call in
            let object = try call.object(0, as: RunObject.self)
            return .work {
                await object.run.settle()
                return [try await read(object)]
            }
        }
    }

    private static func constant(
        _ name: String, _ doc: String, _ returns: String, read: @escaping @Sendable (Run) -> LuaValue
    ) -> FunctionBinding {
        FunctionBinding(name, doc: doc, returns: returns) { .value(read(try $0.object(0, as: RunObject.self).run)) }
    }

    /// The type in Lua.
    static let binding = TypeBinding(
        name: luaType,
        doc: "Training in a folder of its own: what was measured and saved, and the steps still to take.",
        properties: [
            constant("log_path", "The run's folder.", "string") { .string($0.logPath) },
            constant("stage", "\"supervised\", \"preference\", \"dpo\" or \"rl\".", "string") { .string($0.stageName) },
            constant("total_steps", "The number of steps that the data and the settings allow.", "integer") {
                .integer($0.totalSteps)
            },
            constant("renderer", "What writes the conversations.", "Renderer") { .object(RendererObject($0.renderer)) },
            constant("training_client", "The client whose weights are trained.", "TrainingClient") {
                .object(TrainingClientObject($0.client))
            },
            property("next_step", "The number of steps taken.", "integer") { .integer(await $0.run.nextStep) },
            property("is_finished", "Whether the final weights are evaluated and saved.", "boolean") {
                .boolean(await $0.run.isFinished)
            },
            property("metrics", "What was measured: columns by name.", "RunMetrics") {
                .object(MetricsObject(await $0.run.metrics))
            },
            property(
                "checkpoint", "The last checkpoint; nil before the first.",
                "{name, state_path, sampler_path, next_step, epoch, final}"
            ) { await $0.run.checkpoint.map { LuaValue($0) } ?? .none },
            property(
                "last",
                """
                The last batch; nil before the first step. In RL, `groups[i]` has the prompt, samples, \
                rewards and advantages of one prompt; in DPO, `reference_logprobs[i]` is that of the reply of `datums[i]`.
                """,
                "{step, datums, prompts, samples, rewards, advantages, groups, comparisons, logprobs, reference_logprobs}"
            ) {
                let tokenizer = $0.run.renderer.tokenizer
                return await $0.run.last.map { LuaValue($0, tokenizer: tokenizer) } ?? .none
            },
        ],
        methods: [stepMethod, finishMethod, plotMethod, samplesMethod, browseMethod],
        operators: [
            FunctionBinding("__tostring", doc: "Shows the stage, how far it is, and the folder.") { call in
                let object = try call.object(0, as: RunObject.self)
                return .work {
                    await object.run.settle()
                    let step = await object.run.nextStep
                    let state = await object.run.isFinished ? ", finished" : ""
                    let place = "step \(step) of \(object.run.totalSteps)\(state)"
                    return [
                        .string(
                            "Run(\(object.run.stageName), \(place), \(object.run.logPath))"
                        )
                    ]
                }
            }
        ])

    private static let stepMethod = FunctionBinding(
        "step",
        doc:
            """
            Takes steps, fewer at the end of the data. Ctrl-C gives the prompt back at once; the step under way is \
            brought to its end and a checkpoint saved meanwhile.
            """,
        parameters: [ParameterDoc("n", "integer", default: "1", "how many")],
        returns: "the metrics of the last step taken, or nil if none was left", example: "print(run:step(5)[\"loss\"])"
    ) { call in
        let run = try call.object(0, as: RunObject.self).run
        let count = call[1].isNone ? 1 : try call.integer(1, atLeast: 1)
        return .work {
            guard try await run.step(count) > 0, let row = await run.metrics.rows.last else { return [.none] }
            return [LuaValue(row)]
        }
    }

    private static let finishMethod = FunctionBinding(
        "finish", doc: "Evaluates the weights as they are and saves them as the final ones.",
        returns: "the checkpoint", example: "local checkpoint = run:finish()"
    ) { call in
        let run = try call.object(0, as: RunObject.self).run
        return .work {
            try await run.finish()
            return [await run.checkpoint.map { LuaValue($0) } ?? .none]
        }
    }

    private static let plotMethod = FunctionBinding(
        "plot", doc: "Plots metrics over the steps.",
        parameters: [
            ParameterDoc("names", "string | string[]", "the metric, or several for one plot"),
            PlotOptions.parameter,
        ], example: "run:plot(\"test/nll\", {smooth = 0.6, file = \"nll.svg\"})"
    ) { call in
        let object = try call.object(0, as: RunObject.self)
        let names = try (call[1].table?.array ?? [call[1]]).map { value in
            guard let name = value.string else { throw call.mismatch(1, expected: "metric's name or a list of them") }
            return name
        }
        var reader = try OptionReader(call, 2)
        let options = try PlotOptions(&reader, title: names.joined(separator: ", "), xLabel: "step")
        try reader.finish()
        // Printing belongs to the Lua thread, so the metrics are fetched first.
        let output = call.state.mailbox
        return .work {
            let metrics = await object.run.metrics
            let series = try names.map { name in
                // Between two measurements the curve goes on; only what was measured and is no number leaves a gap.
                let measured = zip(metrics.steps, try MetricsObject(metrics).column(name)).compactMap { step, value in
                    value.map { (step: Double(step), value: $0) }
                }
                return Plot.Series(name, x: measured.map(\.step), y: measured.map(\.value))
            }
            let plot = options.applied(to: Plot(series: series))
            if let file = options.file {
                try plot.writeFile(file)
                object.context.progress.note("plot written to \(file)")
            }
            await output.show(.plot(plot))
            return []
        }
    }

    private static let samplesMethod = FunctionBinding(
        "samples",
        doc:
            """
            The last batch's replies, sampled in RL and trained on elsewhere, or those of the latest evaluation by an evaluator.
            """,
        parameters: [
            ParameterDoc("evaluator", "string", default: "nil", "the evaluator's name; nil means the last batch")
        ],
        returns: "rows {prompt, response, reward or score, advantage, nll, label, tokens, ended}",
        example: "rlhf.display.table(run:samples())"
    ) { call in
        let run = try call.object(0, as: RunObject.self).run
        let name = call[1].isNone ? nil : try call.string(1)
        return .work {
            [LuaValue(list: try await run.sampleRows(name))]
        }
    }

    private static let browseMethod = FunctionBinding(
        "browse",
        doc:
            """
            Shows what was sampled, to look through: in a terminal keys page, sort and search, and q leaves; elsewhere the \
            first few.
            """,
        parameters: [
            ParameterDoc(
                "options", "table", default: "{}",
                "evaluator: string, whose samples, else the last batch's; " + SampleOptions.parameter.doc)
        ], example: "run:browse{sort = \"worst\"}"
    ) { call in
        let run = try call.object(0, as: RunObject.self).run
        var reader = try OptionReader(call, 1)
        let name = try reader.optional("evaluator", expected: "string") { $0.string }
        let options = try SampleOptions(&reader)
        try reader.finish()
        let output = call.state.mailbox
        return .work {
            var list = options.applied(to: try SampleList(rows: try await run.sampleRows(name), "browse"))
            let step = await run.nextStep
            if list.title.isEmpty { list.title = name ?? "step \(step)" }
            list.isForBrowsing = true
            await output.show(.samples(list))
            return []
        }
    }
}

extension Run {
    /// One row for each reply: the last batch's, or those of an evaluator's latest evaluation.
    fileprivate func sampleRows(_ evaluator: String?) throws -> [LuaValue] {
        guard let evaluator else { return last?.sampleRows(tokenizer: renderer.tokenizer) ?? [] }
        return try EvaluationSamples.latest(of: evaluator, in: logPath)
    }
}

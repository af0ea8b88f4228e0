import Cookbook
import LuaRuntime

/// A kind of training with its options: makes the binding that trains to the end and the one that steps.
struct RunnerBinding<Config: Sendable>: Sendable {
    /// The paths, for instance `rlhf.rl.train` and `rlhf.rl.start`.
    var train: String
    var start: String
    var doc: String
    /// What dated folders are named after.
    var kind: String
    var config: Config
    var run: any WritableKeyPath<Config, RunSettings> & Sendable
    var settings: [Setting<Config>]
    /// Options beside the settings.
    var parameters: [ParameterDoc]
    var example: String
    /// Reads the options beside the settings, and returns what begins the run.
    var open: @Sendable (inout OptionReader, inout Config) throws -> @Sendable (Config, CookbookContext) async throws -> Run

    /// Both bindings.
    func bindings(_ context: CookbookContext) -> [FunctionBinding] {
        let documented =
            parameters + RunSettings.placeParameters(context) + settings.map { $0.parameter(config) }
        func binding(_ path: String, _ doc: String, _ returns: String, example: String, toEnd: Bool) -> FunctionBinding {
            FunctionBinding(
                path, doc: doc, style: .options, parameters: documented, returns: returns, example: example
            ) { call in
                var options = try OptionReader(call, 0)
                var config = config
                // A builder may carry settings of its own; what stands in the call goes before them.
                let begin = try open(&options, &config)
                for setting in settings { try setting.apply(&options, to: &config) }
                try config[keyPath: run].takePlace(&options, kind: kind, context: context)
                try options.finish()
                return .work { [config] in
                    context.folders.add(config[keyPath: run].logPath)
                    let started = try await begin(config, context)
                    if toEnd { try await started.trainToEnd() }
                    return [.object(RunObject(started, context: context))]
                }
            }
        }
        return [
            binding(
                train,
                "\(doc) Waits for the end; Ctrl-C saves a checkpoint, and the same log_path goes on from it.",
                "Run", example: "local run = \(train)\(example)", toEnd: true),
            binding(
                start, "\(doc) Begins, and leaves the steps to run:step(n) and run:finish().", "Run",
                example: "local run = \(start)\(example)\nrun:step(2)\nprint(run.last.step)", toEnd: false),
        ]
    }
}

extension LoadReport {
    /// Tells the user about rows left out.
    func tell(_ progress: any ProgressSink) {
        if !dropped.isEmpty { progress.note(description) }
    }
}

let datasetParameter = ParameterDoc(
    "dataset_builder", "DatasetBuilder | string | table[]",
    "a builder of rlhf.datasets, a file's path, or a list of rows")

let evaluatorsParameter = ParameterDoc(
    "evaluators", "Evaluator[]", default: "{}",
    "what is measured beside the test rows: rlhf.evaluators.*, or functions (see rlhf.evaluators.custom)")

/// The options that may stand beside `dataset_builder` and are no settings of the runner.
let splitParameters = DatasetBuilder.settingsParameters.filter { ["test_size", "shuffle_seed"].contains($0.name) }

extension OptionReader {
    /// `dataset_builder` with `test_size` and `shuffle_seed`.
    mutating func dataset() throws(LuaError) -> DatasetBuilder {
        let value = value("dataset_builder")
        guard !value.isNone else { throw mismatch("dataset_builder", expected: "builder, path or list of rows") }
        var builder = try DatasetBuilder(value, place: "\(functionName): option 'dataset_builder'")
        if let size = try self.value("test_size", as: Int.self) { builder.testSize = size }
        if let seed = try self.value("shuffle_seed", as: Int.self) { builder.shuffleSeed = seed }
        return builder
    }

    /// `evaluators`.
    mutating func evaluators() throws(LuaError) -> [any Evaluator] {
        let value = value("evaluators")
        if value.isNone { return [] }
        guard let items = value.table?.array, value.table?.fields.isEmpty == true else {
            throw mismatch("evaluators", expected: "list of evaluators")
        }
        var evaluators: [any Evaluator] = []
        for (index, item) in items.enumerated() {
            switch item {
            case .object(let object as EvaluatorObject): evaluators.append(object.evaluator)
            case .function(let function):
                evaluators.append(LuaEvaluator(name: "custom\(index + 1)", function: function))
            default:
                throw .usage(
                    "\(functionName): option 'evaluators', item \(index + 1) expected an evaluator, got \(item.brief)",
                    hint: "make one with rlhf.evaluators.win_rate, .rubric or .custom")
            }
        }
        return evaluators
    }
}

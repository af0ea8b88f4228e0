import Cookbook
import LuaRuntime

/// Rows to come, and how to use them: what `dataset_builder` takes. Files are read when a runner or `load` asks for
/// them.
final class DatasetObject: LuaObject {
    static let luaType = "DatasetBuilder"
    let builder: DatasetBuilder

    init(_ builder: DatasetBuilder) { self.builder = builder }
}

/// A source of rows with the settings that stand beside it.
struct DatasetBuilder: Sendable {
    /// Where the rows are.
    enum Source: Sendable {
        /// One source, split by `testSize` or by the rows' own marks.
        case single(RowSource)
        /// A source each.
        case pair(train: RowSource, test: RowSource)
        /// One of the files that ship with the project.
        case starter(String)
    }

    /// What the rows are, if the builder knows.
    enum Kind: String, Sendable {
        case conversations, comparisons
    }

    var source: Source
    var kind: Kind?
    /// The rows held out; nil heeds the rows' own field `split`.
    var testSize: Int?
    /// Decides which rows are held out.
    var shuffleSeed = 0
    var batchSize: Int?
    var maxLength: Int?
    var trainOnWhat: TrainOnWhat?

    /// For messages and display.
    var name: String {
        switch source {
        case .single(let source): source.name
        case .pair(let train, let test): "\(train.name) and \(test.name)"
        case .starter(let file): "starter/\(file)"
        }
    }

    private var split: SplitRule { testSize.map { .byPrompt(testSize: $0, seed: shuffleSeed) } ?? .asMarked }

    /// The rows as conversations; of a comparison, the prompt with the better reply.
    func conversations() throws(CookbookError) -> ConversationDataset {
        switch source {
        case .single(let source): try .load(source, split: split)
        case .pair(let train, let test): try .load(train: train, test: test)
        case .starter(let file): try .load(.file(StarterData.find(file)), split: split)
        }
    }

    /// The rows as comparisons.
    func comparisons() throws(CookbookError) -> ComparisonDataset {
        switch source {
        case .single(let source): try .load(source, split: split)
        case .pair(let train, let test): try .load(train: train, test: test)
        case .starter(let file): try .load(.file(StarterData.find(file)), split: split)
        }
    }

    /// Conversations or comparisons: what the builder says, else what the rows are.
    func load() throws(CookbookError) -> (rows: LoadedRows, kind: Kind) {
        switch kind {
        case .conversations: return (.conversations(try conversations()), .conversations)
        case .comparisons: return (.comparisons(try comparisons()), .comparisons)
        case nil:
            // A comparison can be read as a conversation, so the narrower kind is tried first. Why it fails does not
            // matter: whatever is wrong with the rows themselves, reading them as conversations says again.
            if let comparisons = try? comparisons(),
                !comparisons.report.dropped.contains(where: { $0.reason == .notAComparison })
            {
                return (.comparisons(comparisons), .comparisons)
            }
            return (.conversations(try conversations()), .conversations)
        }
    }
}

/// What a builder's rows turned out to be.
enum LoadedRows: Sendable {
    case conversations(ConversationDataset)
    case comparisons(ComparisonDataset)

    /// For Lua: lists `train` and `test` of rows with their other fields, and what became of the rows read.
    var luaValue: LuaValue {
        switch self {
        case .conversations(let dataset):
            Self.table(dataset) { ["messages": LuaValue($0)] }
        case .comparisons(let dataset):
            Self.table(dataset) { labeled in
                guard case .table(let table) = LuaValue(labeled.comparison, label: labeled.label) else { return [:] }
                return table
            }
        }
    }

    private static func table<Value>(_ dataset: SplitDataset<Value>, row: (Value) -> LuaTable) -> LuaValue {
        func rows(_ rows: [DataRow<Value>]) -> LuaValue {
            LuaValue(
                list: rows.map { data in
                    var table = row(data.value)
                    for (name, value) in data.fields.sorted(by: { $0.key < $1.key }) { table[name] = LuaValue(value) }
                    return .table(table)
                })
        }
        return .table([
            "train": rows(dataset.train), "test": rows(dataset.test), "report": .string(dataset.report.description),
        ])
    }
}

extension DatasetObject {
    /// The type in Lua.
    static let binding = TypeBinding(
        name: luaType, doc: "Rows to train on and to test with: what a runner's `dataset_builder` takes.",
        properties: [
            FunctionBinding("name", doc: "Where the rows come from.", returns: "string") {
                .value(.string(try $0.object(0, as: DatasetObject.self).builder.name))
            }
        ],
        methods: [
            FunctionBinding(
                "load", doc: "Reads the rows, to look at them or to pick some.",
                returns: "{train = rows, test = rows, report = what was read, kept and dropped}",
                example: "print(rlhf.datasets.starter.sft{}:load().report)"
            ) { context in
                let builder = try context.object(0, as: DatasetObject.self).builder
                return .work { [try builder.load().rows.luaValue] }
            }
        ],
        operators: [
            FunctionBinding("__tostring", doc: "Shows where the rows come from.") {
                .value(.string("DatasetBuilder(\(try $0.object(0, as: DatasetObject.self).builder.name))"))
            }
        ])
}

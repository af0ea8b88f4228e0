import Cookbook
import Foundation
import LuaRuntime

extension Registry {
    /// `rlhf.datasets`.
    mutating func addDatasets() {
        describe(
            module: "rlhf.datasets",
            """
            Where training rows come from. Rows are accepted by shape: {messages}, {prompt, completion}, \
            {instruction, output}, \
            {chosen, rejected}, {prompt, chosen, rejected}, {prompt, completion_A, completion_B, label}, \
            {comparison, label}; from \
            JSON lines, JSON, saved replies of the HF rows service, plain or gzip, or from a Lua table.
            """)
        describe(module: "rlhf.datasets.starter", "The small data set that ships with the project.")
        add(DatasetObject.binding)
        add(
            FunctionBinding(
                "rlhf.datasets.jsonl", doc: "The rows of a file.",
                parameters: [
                    ParameterDoc("path", "string", "a file of JSON lines or JSON, plain or gzip"),
                    ParameterDoc("options", "table", default: "{}", Self.settingsInWords),
                ], returns: "DatasetBuilder",
                example: "rlhf.supervised.train{dataset_builder = rlhf.datasets.jsonl(\"chats.jsonl\")}"
            ) { call in
                try Self.dataset(from: .single(.file(call.string(0))), kind: nil, call)
            },
            FunctionBinding(
                "rlhf.datasets.hh",
                doc:
                    """
                    Comparisons of a file in the form of Anthropic's hh-rlhf: rows {chosen, rejected} of \
                    two transcripts.
                    """,
                parameters: [
                    ParameterDoc("path", "string", "the file, for instance helpful-base/train.jsonl.gz of hh-rlhf"),
                    ParameterDoc("options", "table", default: "{}", Self.settingsInWords),
                ], returns: "DatasetBuilder",
                example: "local comparisons = rlhf.datasets.hh(\"hh.jsonl.gz\", {test_size = 500})"
            ) { call in
                try Self.dataset(from: .single(.file(call.string(0))), kind: .comparisons, call)
            },
            Self.listed(
                "conversations", .conversations,
                example: """
                    local chats = rlhf.datasets.conversations{
                      {{role = "user", content = "Hi"}, {role = "assistant", content = "Hello!"}},
                      {prompt = "2 + 2?", completion = "4"},
                    }
                    """),
            Self.listed(
                "comparisons", .comparisons,
                example: """
                    local pairs = rlhf.datasets.comparisons{
                      {prompt = "2 + 2?", chosen = "4", rejected = "Five."}, batch_size = 1,
                    }
                    """),
            Self.fromConversationFile, Self.comparisonsFromJsonl,
            Self.published(
                "NoRobotsBuilder", .conversations, what: "the no_robots data set (HuggingFaceH4/no_robots)",
                hint: "this program fetches no data sets: with Python's datasets, "
                    + "load_dataset(\"HuggingFaceH4/no_robots\", split=\"train\").to_json(\"no_robots.jsonl\"), "
                    + "then NoRobotsBuilder{path = \"no_robots.jsonl\"}; or use rlhf.datasets.starter.sft{}"),
            Self.published(
                "HHHComparisonBuilder", .comparisons, what: "the hh-rlhf data set (Anthropic/hh-rlhf)",
                hint: "this program fetches no data sets: download helpful-base/train.jsonl.gz of the data set "
                    + "Anthropic/hh-rlhf, then HHHComparisonBuilder{path = \"train.jsonl.gz\", test_size = 1024}; "
                    + "or use rlhf.datasets.starter.comparisons{}"),
            Self.starter("sft", file: "sft.jsonl", .conversations, "Conversations for supervised fine-tuning"),
            Self.starter(
                "comparisons", file: "comparisons.jsonl", .comparisons, "Comparisons for a preference model")
        )
    }

    private static let settingsInWords =
        "`test_size`, `shuffle_seed`, `batch_size`, `max_length`, `train_on_what` as in rlhf.datasets.conversations"

    private static func dataset(
        from source: DatasetBuilder.Source, kind: DatasetBuilder.Kind?, _ call: CallContext
    ) throws(LuaError) -> HostResult {
        var builder = DatasetBuilder(source: source, kind: kind)
        var options = try OptionReader(call, 1)
        try builder.takeSettings(&options)
        try options.finish()
        return .value(.object(DatasetObject(builder)))
    }

    /// A builder whose rows stand in its own table, in `rows`, or in a file.
    private static func listed(_ name: String, _ kind: DatasetBuilder.Kind, example: String) -> FunctionBinding {
        FunctionBinding(
            "rlhf.datasets.\(name)", doc: "Rows written in the table itself, or in a file: \(kind.rawValue).",
            style: .options,
            parameters: [
                ParameterDoc("rows", "table[]", default: "the table's own items", "the rows"),
                ParameterDoc("path", "string", default: "nil", "a file to read them from instead"),
            ] + DatasetBuilder.settingsParameters, returns: "DatasetBuilder", example: example
        ) { call in
            let table = try call.table(0)
            var named = table
            named.array = []
            var options = OptionReader(name, named)
            let builder = try rows(&options, items: table.array, kind: kind)
            guard let builder else {
                throw LuaError.usage(
                    "\(call.functionName): there are no rows", hint: "write rows into the table, or give path")
            }
            return .value(.object(DatasetObject(builder)))
        }
    }

    /// Reads `rows`, `path`, items and settings; nil when there is no source.
    private static func rows(
        _ options: inout OptionReader, items: [LuaValue], kind: DatasetBuilder.Kind
    ) throws(LuaError) -> DatasetBuilder? {
        let path = try options.value("path", as: String.self)
        let rows = options.value("rows")
        let given = [path != nil, !rows.isNone, !items.isEmpty].filter { $0 }.count
        guard given <= 1 else {
            throw .usage(
                "\(options.functionName): rows were given twice", hint: "give rows in the table, or rows, or path")
        }
        var builder: DatasetBuilder?
        if let path {
            builder = DatasetBuilder(source: .single(.file(path)))
        } else if !rows.isNone {
            builder = try DatasetBuilder(rows, place: "\(options.functionName): option 'rows'")
        } else if !items.isEmpty {
            builder = DatasetBuilder(source: .single(try .rows(items, place: options.functionName)))
        }
        var settings = builder ?? DatasetBuilder(source: .single(.values([])))
        settings.kind = kind
        try settings.takeSettings(&options)
        try options.finish()
        return builder == nil ? nil : settings
    }

    private static let fromConversationFile = FunctionBinding(
        "rlhf.datasets.FromConversationFileBuilder", doc: "Conversations of a file.", style: .options,
        parameters: [ParameterDoc("file_path", "string", "a file of rows with messages")]
            + DatasetBuilder.settingsParameters, returns: "DatasetBuilder",
        example: "rlhf.datasets.FromConversationFileBuilder{file_path = \"chats.jsonl\", test_size = 50}"
    ) { call in
        var options = try OptionReader(call, 0)
        var builder = DatasetBuilder(
            source: .single(.file(try options.string("file_path"))), kind: .conversations)
        try builder.takeSettings(&options)
        try options.finish()
        return .value(.object(DatasetObject(builder)))
    }

    private static let comparisonsFromJsonl = FunctionBinding(
        "rlhf.datasets.ComparisonBuilderFromJsonl",
        doc: "Labelled comparisons of one file, or of a file each for training and for testing.", style: .options,
        parameters: [
            ParameterDoc("train_path", "string", "rows {comparison, label}, or any other shape of comparison"),
            ParameterDoc("test_path", "string", default: "nil", "rows to test with"),
        ] + DatasetBuilder.settingsParameters, returns: "DatasetBuilder",
        example: "rlhf.datasets.ComparisonBuilderFromJsonl{train_path = \"train.jsonl\", test_path = \"test.jsonl\"}"
    ) { call in
        var options = try OptionReader(call, 0)
        let train = try options.string("train_path")
        let test = try options.value("test_path", as: String.self)
        var builder = DatasetBuilder(
            source: test.map { .pair(train: .file(train), test: .file($0)) } ?? .single(.file(train)),
            kind: .comparisons)
        try builder.takeSettings(&options)
        try options.finish()
        if test != nil, builder.testSize != nil {
            throw LuaError.usage("\(call.functionName): test_path and test_size exclude each other")
        }
        return .value(.object(DatasetObject(builder)))
    }

    /// A builder of a published data set, which has to be there already.
    private static func published(
        _ name: String, _ kind: DatasetBuilder.Kind, what: String, hint: String
    ) -> FunctionBinding {
        FunctionBinding(
            "rlhf.datasets.\(name)", doc: "Rows of \(what), from a file that you have fetched.", style: .options,
            parameters: [
                ParameterDoc(
                    "path", "string", "the file: JSON lines, plain or gzip, or a saved reply of the rows service"),
                ParameterDoc("rows", "table[]", default: "nil", "the rows themselves, in place of a file"),
            ] + DatasetBuilder.settingsParameters, returns: "DatasetBuilder",
            example: "rlhf.datasets.\(name){path = \"train.jsonl\", test_size = 500}"
        ) { call in
            var options = try OptionReader(call, 0)
            guard let builder = try rows(&options, items: [], kind: kind) else {
                throw LuaError.usage(
                    "\(call.functionName): path is missing: \(what) has to be on this machine", hint: hint)
            }
            if case .single(.file(let path)) = builder.source,
                !FileManager.default.fileExists(atPath: (path as NSString).expandingTildeInPath)
            {
                throw LuaError(kind: "io", message: "\(call.functionName): there is no file \(path)", hint: hint)
            }
            return .value(.object(DatasetObject(builder)))
        }
    }

    private static func starter(
        _ name: String, file: String, _ kind: DatasetBuilder.Kind, _ doc: String
    ) -> FunctionBinding {
        FunctionBinding(
            "rlhf.datasets.starter.\(name)", doc: "\(doc), small enough for minutes on a CPU; split by the file.",
            style: .options, parameters: DatasetBuilder.settingsParameters, returns: "DatasetBuilder",
            example: "local builder = rlhf.datasets.starter.\(name){batch_size = 16}"
        ) { call in
            var options = try OptionReader(call, 0)
            var builder = DatasetBuilder(source: .starter(file), kind: kind)
            try builder.takeSettings(&options)
            try options.finish()
            return .value(.object(DatasetObject(builder)))
        }
    }
}

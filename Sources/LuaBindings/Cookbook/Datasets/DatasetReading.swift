import Cookbook
import JSON
import LuaRuntime

extension DatasetBuilder {
    /// What stands for a data set in Lua: a builder, a file's path, or a list of rows. Throws `usage` that names
    /// `place`.
    init(_ value: LuaValue, place: String) throws(LuaError) {
        switch value {
        case .string(let path): self.init(source: .single(.file(path)))
        case .object(let object as DatasetObject): self = object.builder
        case .table(let table) where table.fields.isEmpty && table.others.isEmpty:
            self.init(source: .single(try .rows(table.array, place: place)))
        default:
            throw .usage(
                "\(place) expected a builder of rlhf.datasets, a file's path, or a list of rows, got \(value.brief)",
                hint: value.table == nil ? nil : "a list of rows has rows only: {{messages = ...}, {messages = ...}}")
        }
    }

    /// The settings that may stand beside a source, also in a runner's options; those that are not given stay as they
    /// are.
    mutating func takeSettings(_ options: inout OptionReader) throws(LuaError) {
        if let size = try options.value("test_size", as: Int.self) { testSize = size }
        if let seed = try options.value("shuffle_seed", as: Int.self) { shuffleSeed = seed }
        if let size = try options.value("batch_size", as: Int.self) { batchSize = size }
        if let length = try options.value("max_length", as: Int.self) { maxLength = length }
        if let mode = try options.value("train_on_what", as: TrainOnWhat.self) { trainOnWhat = mode }
    }

    static let settingsParameters = [
        ParameterDoc(
            "test_size", "integer", default: "nil",
            "how many rows are held out, those of one prompt together; nil heeds the rows' own field `split`"),
        ParameterDoc("shuffle_seed", "integer", default: "0", "decides which rows are held out"),
        ParameterDoc(
            "batch_size", "integer", default: "the runner's", "the rows of a step, unless the runner is told another"),
        ParameterDoc("max_length", "integer", default: "the runner's", "the most tokens of a row"),
        ParameterDoc("train_on_what", "string", default: "the runner's", "which tokens carry loss: rlhf.TrainOnWhat.*"),
    ]
}

extension RowSource {
    /// Rows of a Lua list. A row that is itself a list of messages is a conversation.
    static func rows(_ rows: [LuaValue], place: String) throws(LuaError) -> RowSource {
        var values: [JSONValue] = []
        for (index, row) in rows.enumerated() {
            let value = try JSONValue(row, place: "\(place)[\(index + 1)]")
            values.append(value.array == nil ? value : ["messages": value])
        }
        return .values(values)
    }
}

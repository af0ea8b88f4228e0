import Cookbook
import JSON
import LuaRuntime

/// A prompt as a script gave it, with whatever stood beside it.
struct PromptRow: Sendable {
    var messages: [Message]
    /// What a reward function gets as `prompt`: the text, if it was one.
    var shown: LuaValue
    /// The row's other fields.
    var fields: LuaTable

    /// A text, a list of messages, or a row with `prompt` (or `messages`) and fields of its own.
    init(_ value: LuaValue, place: String) throws(LuaError) {
        fields = LuaTable()
        if let table = value.table, !table.fields.isEmpty {
            let name = table["prompt"].isNone ? "messages" : "prompt"
            guard !table[name].isNone else {
                throw .usage(
                    "\(place): a row without 'prompt'",
                    hint: "its fields are " + table.fields.map(\.name).joined(separator: ", "))
            }
            shown = table[name]
            messages = try shown.messages(place: "\(place).\(name)")
            // A conversation ends with the reply that the data have; the policy is to find its own.
            if name == "messages", let split = messages.promptAndReply {
                messages = split.prompt
                shown = LuaValue(messages)
            }
            fields = LuaTable(fields: table.fields.filter { $0.name != name })
        } else {
            shown = value
            messages = try value.messages(place: place)
        }
        guard !messages.isEmpty else { throw .usage("\(place): the prompt is empty") }
    }

    init(messages: [Message], fields: [String: JSONValue]) {
        self.messages = messages
        shown = messages.count == 1 ? .string(messages[0].content) : LuaValue(messages)
        self.fields = LuaValue(fields).table ?? LuaTable()
    }

    /// The prompts of a list, or of a data set: each once, those to train with and those held out.
    static func read(_ value: LuaValue, place: String) throws(LuaError) -> (train: [PromptRow], test: [PromptRow]) {
        if value.object is DatasetObject || value.string != nil {
            let builder = try DatasetBuilder(value, place: place)
            let loaded = try cookbook { try builder.load().rows }
            return loaded.prompts
        }
        guard let table = value.table, table.fields.isEmpty, !table.array.isEmpty else {
            throw .usage(
                "\(place) expected a list of prompts or a builder of rlhf.datasets, got \(value.brief)",
                hint: "prompts = {\"Name a colour.\", ...}")
        }
        var rows: [PromptRow] = []
        for (index, item) in table.array.enumerated() {
            rows.append(try PromptRow(item, place: "\(place)[\(index + 1)]"))
        }
        return (rows, [])
    }
}

extension LoadedRows {
    /// The prompts, each once with the fields of the first row that has it.
    var prompts: (train: [PromptRow], test: [PromptRow]) {
        func unique(_ rows: [(messages: [Message], fields: [String: JSONValue])]) -> [PromptRow] {
            var seen: Set<[Message]> = []
            return rows.filter { seen.insert($0.messages).inserted }.map {
                PromptRow(messages: $0.messages, fields: $0.fields)
            }
        }
        func conversations(_ rows: [DataRow<[Message]>]) -> [PromptRow] {
            unique(rows.compactMap { row in row.value.promptAndReply.map { ($0.prompt, row.fields) } })
        }
        func comparisons(_ rows: [DataRow<LabeledComparison>]) -> [PromptRow] {
            unique(rows.map { ($0.value.comparison.promptConversation, $0.fields) })
        }
        return switch self {
        case .conversations(let dataset): (conversations(dataset.train), conversations(dataset.test))
        case .comparisons(let dataset): (comparisons(dataset.train), comparisons(dataset.test))
        }
    }
}

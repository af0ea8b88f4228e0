import Cookbook
import LuaRuntime
import TrainingAPI

extension LuaValue {
    /// A message as Lua writes one: `{role = "user", content = "Hi"}`.
    init(_ message: Message) {
        var table: LuaTable = ["role": .string(message.role), "content": .string(message.content)]
        if let trainable = message.trainable { table["trainable"] = .boolean(trainable) }
        self = .table(table)
    }

    /// A conversation.
    init(_ messages: [Message]) { self.init(list: messages.map { LuaValue($0) }) }

    /// A comparison as `compare` takes it.
    init(_ comparison: Comparison, label: PreferenceLabel? = nil) {
        var table: LuaTable = [
            "prompt_conversation": LuaValue(comparison.promptConversation),
            "completion_A": LuaValue(comparison.completionA), "completion_B": LuaValue(comparison.completionB),
        ]
        if let label { table["label"] = .string(label.rawValue) }
        self = .table(table)
    }

    /// The messages of a list, or what a user says. Throws `usage` that names `place`, for instance `messages[2]`.
    func messages(place: String, textRole: String = "user") throws(LuaError) -> [Message] {
        if let text = string { return [Message(role: textRole, content: text)] }
        guard let table, table.fields.isEmpty, table.others.isEmpty else {
            let isMessage = table.map { !$0["role"].isNone } ?? false
            throw .usage(
                "\(place): expected a list of messages, got \(isMessage ? "one message" : brief)",
                hint: "write {{role = \"user\", content = \"...\"}}")
        }
        var messages: [Message] = []
        for (index, item) in table.array.enumerated() {
            messages.append(try item.message(place: "\(place)[\(index + 1)]"))
        }
        return messages
    }

    /// One message.
    func message(place: String) throws(LuaError) -> Message {
        guard let table, table.array.isEmpty, table.others.isEmpty else {
            throw .usage(
                "\(place): expected a message, got \(brief)", hint: "write {role = \"user\", content = \"...\"}")
        }
        let known = ["role", "content", "trainable"]
        for field in table.fields where !known.contains(field.name) {
            throw .usage(
                "\(place): a message has no field '\(field.name)'",
                hint: NearMatches.hint(field.name, among: known, what: "it has"))
        }
        guard let role = table["role"].string, !role.isEmpty else {
            throw .usage("\(place): role is \(table["role"].brief), expected \"system\", \"user\" or \"assistant\"")
        }
        guard let content = table["content"].string else {
            throw .usage("\(place): content is \(table["content"].brief), expected a string")
        }
        guard table["trainable"].isNone || table["trainable"].boolean != nil else {
            throw .usage("\(place): trainable is \(table["trainable"].brief), expected true or false")
        }
        return Message(role: role, content: content, trainable: table["trainable"].boolean)
    }

    /// A comparison: `{prompt_conversation=, completion_A=, completion_B=}`, each a text or a list of messages.
    func comparison(place: String) throws(LuaError) -> Comparison {
        guard let table, table.array.isEmpty else {
            throw .usage(
                "\(place): expected a comparison, got \(brief)",
                hint: "write {prompt_conversation = ..., completion_A = ..., completion_B = ...}")
        }
        let known = ["prompt_conversation", "completion_A", "completion_B"]
        for field in table.fields where !known.contains(field.name) {
            throw .usage(
                "\(place): a comparison has no field '\(field.name)'",
                hint: NearMatches.hint(field.name, among: known, what: "it has"))
        }
        for name in known where table[name].isNone { throw .usage("\(place): '\(name)' is missing") }
        return Comparison(
            promptConversation: try table[known[0]].messages(place: "\(place).\(known[0])"),
            completionA: try table[known[1]].messages(place: "\(place).\(known[1])", textRole: "assistant"),
            completionB: try table[known[2]].messages(place: "\(place).\(known[2])", textRole: "assistant"))
    }
}

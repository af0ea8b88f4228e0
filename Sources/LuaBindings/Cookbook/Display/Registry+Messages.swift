import Cookbook
import Display
import LuaRuntime
import TrainingAPI

extension Registry {
    /// `rlhf.display.messages` and `.pair`.
    mutating func addConversationDisplay() {
        add(
            FunctionBinding(
                "rlhf.display.messages", doc: "Shows a conversation, each role in its colour.",
                parameters: [RendererObject.messagesParameter],
                example: "rlhf.display.messages{{role = \"user\", content = \"2 + 2?\"}, {role = \"assistant\", content = \"4\"}}"
            ) { call in
                let messages = try call[0].messages(place: "\(call.functionName): messages")
                call.state.show(.messages(messages.map { DisplayMessage($0) }))
                return .nothing
            },
            FunctionBinding(
                "rlhf.display.pair",
                doc: "Shows two things side by side: texts, conversations, datums, tables, or the two replies of a comparison.",
                parameters: [
                    ParameterDoc("left", "any", "a value, or a comparison: {prompt_conversation, completion_A, completion_B, label}"),
                    ParameterDoc("right", "any", default: "nil", "the other value; not with a comparison"),
                    ParameterDoc("options", "table", default: "{}", "title, left, right: string, the headings"),
                ], example: "rlhf.display.pair(\"before\", \"after\", {left = \"base\", right = \"tuned\"})"
            ) { call in
                if call[1].isNone, let table = call[0].table, !table["completion_A"].isNone {
                    call.state.show(try comparison(table, call))
                    return .nothing
                }
                var options = try OptionReader(call, 2)
                let title = try options.string("title", default: "")
                let left = try options.string("left", default: "left")
                let right = try options.string("right", default: "right")
                try options.finish()
                if call[1].isNone { throw call.mismatch(1, expected: "value to stand on the right") }
                call.state.show(
                    .pair(DisplayPair(title: title, left: (left, side(call[0], call.state)), right: (right, side(call[1], call.state))))
                )
                return .nothing
            })
    }
}

extension DisplayMessage {
    init(_ message: Message, note: String = "") { self.init(role: message.role, content: message.content, note: note) }
}

/// The prompt above, the replies below it; the one that the label prefers is marked.
private func comparison(_ table: LuaTable, _ call: CallContext) throws -> DisplayValue {
    var bare = table
    bare.fields.removeAll { $0.name == "label" }
    let comparison = try LuaValue.table(bare).comparison(place: call.functionName)
    let label = table["label"].string
    func heading(_ name: String) -> String { label == name ? "\(name), preferred" : name }
    func reply(_ messages: [Message]) -> DisplayValue { .messages(messages.map { DisplayMessage($0) }) }
    return .group(
        title: "",
        [
            .messages(comparison.promptConversation.map { DisplayMessage($0) }),
            .pair(
                DisplayPair(
                    left: (heading("A"), reply(comparison.completionA)), right: (heading("B"), reply(comparison.completionB)))),
        ])
}

private func side(_ value: LuaValue, _ state: LuaState) -> DisplayValue {
    if let text = value.string { return .text(text) }
    if value.table?.array.first?.table?["role"].string != nil, let messages = try? value.messages(place: "side") {
        return .messages(messages.map { DisplayMessage($0) })
    }
    return state.displayValue(of: value, width: 60)
}

import JSON

/// Reads messages in the forms that data sets have them.
enum MessageShape {
    /// A list of objects with role and content, or the same as an object of two lists, as the rows service may send it.
    static func list(_ value: JSONValue) throws(RowProblem) -> [Message] {
        switch value {
        case .array(let elements):
            var messages: [Message] = []
            for element in elements { messages.append(try message(element)) }
            return messages
        case .object:
            guard let roles = value["role"]?.array, let contents = value["content"]?.array,
                roles.count == contents.count
            else { throw .shape("messages are an object without the lists 'role' and 'content' of one length") }
            var messages: [Message] = []
            for (role, content) in zip(roles, contents) {
                messages.append(try message(["role": role, "content": content]))
            }
            return messages
        case .null, .bool, .number, .string: throw .shape("messages are \(value.kindInWords), not a list")
        }
    }

    /// A prompt: messages, a transcript that ends where the assistant is to speak, or what a user says.
    static func prompt(_ value: JSONValue) throws(RowProblem) -> [Message] {
        guard let text = value.string else { return try list(value) }
        guard text.hasPrefix("\n\nHuman:"), var turns = Transcript.turns(text) else {
            guard !RowShape.isBlank(text) else { throw .drop(.noPrompt) }
            return [.user(text)]
        }
        if let last = turns.last, last.role == "assistant", last.content.isEmpty { turns.removeLast() }
        return turns
    }

    /// A reply: messages, or what the assistant says.
    static func reply(_ value: JSONValue) throws(RowProblem) -> [Message] {
        if let text = value.string { return [.assistant(text)] }
        return try list(value)
    }

    private static func message(_ value: JSONValue) throws(RowProblem) -> Message {
        guard case .object = value else { throw .shape("a message is \(value.kindInWords), not an object") }
        guard let role = value["role"]?.string, !role.isEmpty else { throw .drop(.noRole) }
        var trainable: Bool?
        if case .bool(let flag)? = value["trainable"] { trainable = flag }
        return Message(role: role, content: try content(value["content"]), trainable: trainable)
    }

    /// A text, or a list of parts that are all texts.
    private static func content(_ value: JSONValue?) throws(RowProblem) -> String {
        if let text = value?.string { return text }
        guard let parts = value?.array else { throw .drop(.noText) }
        var text = ""
        for part in parts {
            guard part["type"]?.string ?? "text" == "text", let piece = part["text"]?.string else {
                throw .drop(.noText)
            }
            text += piece
        }
        return text
    }
}

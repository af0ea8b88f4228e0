import JSON

/// What a row says.
enum RowContent {
    case conversation([Message])
    case comparison(LabeledComparison)
}

/// Why a row says nothing.
enum RowProblem: Error, Equatable {
    /// The row has none of the known shapes: the whole file is probably of another kind.
    case shape(String)
    /// This row alone cannot be used.
    case drop(DropReason)
}

/// Recognises rows by the fields they have.
enum RowShape {
    /// The shapes, in words, for error messages.
    static let known = """
        {messages}; {prompt, completion or response}; {instruction, input or context, output or response}; {chosen, rejected}; \
        {prompt, chosen, rejected}; {prompt, completion_A, completion_B, label}; {comparison, label}
        """

    /// The fields that shapes are made of; all others are kept with the row.
    static let fields: Set<String> = [
        "messages", "prompt", "completion", "response", "instruction", "context", "input", "output", "instances",
        "chosen",
        "rejected", "completion_A", "completion_B", "label", "comparison",
    ]

    /// What a row says: one example, or several for an instruction with several instances.
    static func read(_ row: JSONValue) throws(RowProblem) -> [RowContent] {
        guard case .object(let members) = row else { throw .shape("the row is \(row.kindInWords), not an object") }
        if let comparison = row["comparison"] { return [.comparison(try labeled(comparison, label: row["label"]))] }
        if row["completion_A"] != nil || row["completion_B"] != nil {
            return [.comparison(try labeled(row, label: row["label"]))]
        }
        if let chosen = row["chosen"], let rejected = row["rejected"] {
            return [.comparison(try preference(prompt: row["prompt"], chosen: chosen, rejected: rejected))]
        }
        if let messages = row["messages"] { return [.conversation(try checked(MessageShape.list(messages)))] }
        if let prompt = row["prompt"], let reply = row["completion"] ?? row["response"] {
            let conversation = try MessageShape.prompt(prompt) + MessageShape.reply(reply)
            return [.conversation(try checked(conversation))]
        }
        if let instruction = row["instruction"]?.string { return try instructions(instruction, row: row) }
        let names = Set(members.map(\.key)).sorted().joined(separator: ", ")
        throw .shape("the row has none of the known shapes: its fields are \(names.isEmpty ? "none" : names)")
    }

    /// A conversation in which the assistant says something at the end.
    static func checked(_ messages: [Message]) throws(RowProblem) -> [Message] {
        guard let reply = messages.last(where: { $0.role == "assistant" }) else { throw .drop(.noReply) }
        guard !isBlank(reply.content) else { throw .drop(.emptyReply) }
        return messages
    }

    /// A comparison with a prompt and two replies, unlike each other unless they are tied. An empty reply is somebody's judgement
    /// where a row carries a label of its own; in a chosen-rejected pair it is a fault of the transcript.
    static func checked(_ labeled: LabeledComparison, allowsEmpty: Bool = false) throws(RowProblem) -> LabeledComparison {
        let comparison = labeled.comparison
        guard !comparison.promptConversation.isEmpty else { throw .drop(.noPrompt) }
        for completion in [comparison.completionA, comparison.completionB] {
            guard let reply = completion.last, reply.role == "assistant" else { throw .drop(.noReply) }
            guard allowsEmpty || !isBlank(reply.content) else { throw .drop(.emptyReply) }
        }
        guard labeled.label == .tie || comparison.completionA != comparison.completionB else {
            throw .drop(.sameReplies)
        }
        return labeled
    }

    /// Instruction rows as dolly (context, response), alpaca (input, output) and self-instruct (instances) have them.
    private static func instructions(_ instruction: String, row: JSONValue) throws(RowProblem) -> [RowContent] {
        if let instances = row["instances"]?.array {
            var contents: [RowContent] = []
            for instance in instances { contents.append(try instructed(instruction, by: instance)) }
            guard !contents.isEmpty else { throw .drop(.noReply) }
            return contents
        }
        return [try instructed(instruction, by: row)]
    }

    private static func instructed(_ instruction: String, by row: JSONValue) throws(RowProblem) -> RowContent {
        guard let reply = (row["response"] ?? row["output"])?.string else { throw .drop(.noReply) }
        guard !isBlank(instruction) else { throw .drop(.noPrompt) }
        let input = (row["context"] ?? row["input"])?.string ?? ""
        let question = isBlank(input) ? instruction : "\(instruction)\n\n\(input)"
        return .conversation(try checked([.user(question), .assistant(reply)]))
    }

    private static func labeled(_ row: JSONValue, label: JSONValue?) throws(RowProblem) -> LabeledComparison {
        guard let prompt = row["prompt_conversation"] ?? row["prompt"] else { throw .drop(.noPrompt) }
        guard let a = row["completion_A"], let b = row["completion_B"] else { throw .drop(.noReply) }
        guard let label = label?.string.flatMap(PreferenceLabel.init) else {
            throw .drop(.unknownLabel(label.map { $0.string ?? $0.kindInWords } ?? ""))
        }
        let comparison = Comparison(
            promptConversation: try MessageShape.prompt(prompt), completionA: try MessageShape.reply(a),
            completionB: try MessageShape.reply(b))
        return try checked(LabeledComparison(comparison: comparison, label: label), allowsEmpty: true)
    }

    private static func preference(
        prompt: JSONValue?, chosen: JSONValue, rejected: JSONValue
    ) throws(RowProblem) -> LabeledComparison {
        if prompt == nil, let chosen = chosen.string, let rejected = rejected.string {
            return try checked(Transcript.comparison(chosen: chosen, rejected: rejected))
        }
        var completionA = try MessageShape.reply(chosen)
        var completionB = try MessageShape.reply(rejected)
        var conversation = try prompt.map { (value) throws(RowProblem) in try MessageShape.prompt(value) } ?? []
        // Some sets repeat the prompt at the beginning of both replies, and some give it nowhere else.
        let limit = max(0, min(completionA.count, completionB.count) - 1)
        let count = Array(zip(completionA.prefix(limit), completionB.prefix(limit)).prefix { $0 == $1 }).count
        if prompt == nil {
            conversation = Array(completionA[..<count])
            (completionA, completionB) = (Array(completionA[count...]), Array(completionB[count...]))
        } else if completionA.starts(with: conversation), completionB.starts(with: conversation) {
            (completionA, completionB) = (
                Array(completionA[conversation.count...]), Array(completionB[conversation.count...])
            )
        }
        return try checked(
            LabeledComparison(
                comparison: Comparison(
                    promptConversation: conversation, completionA: completionA, completionB: completionB), label: .a))
    }

    static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }
}

import TrainingAPI

/// Writes both replies of a comparison, each behind the prompt. Every token that the assistant writes in a reply has weight 1, and
/// nothing else has any.
struct PairRenderer: Sendable {
    let renderer: any Renderer

    /// The number of tokens of the longer conversation.
    func length(_ row: LabeledComparison) throws -> Int {
        try examples(row).map(\.tokens.count).max() ?? 0
    }

    /// The datum of the chosen reply, then that of the rejected one.
    func datums(_ row: LabeledComparison) throws -> [Datum] {
        try examples(row).map { try datum(from: $0, maxLength: nil, reduction: .none) }
    }

    private func examples(_ row: LabeledComparison) throws -> [SupervisedExample] {
        try [("chosen", row.chosen), ("rejected", row.rejected)].map { name, reply in
            guard let reply, reply.contains(where: { $0.role == "assistant" }) else {
                throw CookbookError.data("the \(name) reply has no message of the assistant")
            }
            let messages =
                row.comparison.promptConversation.map { $0.marked(trainable: false) }
                + reply.map { $0.marked(trainable: $0.role == "assistant") }
            return try renderer.buildSupervisedExample(messages, trainOnWhat: .customized)
        }
    }
}

extension Message {
    fileprivate func marked(trainable: Bool) -> Message { Message(role: role, content: content, trainable: trainable) }
}

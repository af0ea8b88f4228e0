public import JSON

/// One usable row: what it says, and what else stood in it.
public struct DataRow<Value: Sendable>: Sendable {
    /// Its number among the usable rows, in the order of the source: the same however rows are shuffled or split.
    public var id: Int
    /// The conversation or comparison.
    public var value: Value
    /// The row's other fields, for instance `category`.
    public var fields: [String: JSONValue]
    /// Where it came from.
    public var location: RowLocation
}

/// Rows to train on and rows to test with.
public struct SplitDataset<Value: Sendable>: Sendable {
    /// The rows to train on, in the order of their source.
    public var train: [DataRow<Value>]
    /// The rows held out, in the order of their source.
    public var test: [DataRow<Value>]
    /// What was read, kept and dropped.
    public var report: LoadReport
}

/// Conversations that end with an assistant's reply, for supervised learning.
public typealias ConversationDataset = SplitDataset<[Message]>

/// Labeled comparisons, for preference learning.
public typealias ComparisonDataset = SplitDataset<LabeledComparison>

/// How rows are divided into those to train on and those to test with.
public enum SplitRule: Sendable, Equatable {
    /// By the rows' own field `split` (`train` or `test`) where all rows have one; else all rows are for training.
    case asMarked
    /// All rows are for training.
    case allTrain
    /// About `testSize` rows, never more, are held out. Rows with one prompt stay together, so that no test prompt is trained on.
    case byPrompt(testSize: Int, seed: Int = 0)
}

extension SplitDataset where Value == [Message] {
    /// Conversations of a source. Of a comparison the prompt and the better reply are taken. Throws `CookbookError`.
    public static func load(_ source: RowSource, split: SplitRule = .asMarked) throws(CookbookError)
        -> ConversationDataset
    {
        try load(source, split: split, prompt: \.openingMessages) { (content) throws(RowProblem) in
            switch content {
            case .conversation(let messages): return messages
            case .comparison(let labeled):
                guard let chosen = labeled.chosen else { throw .drop(.tie) }
                return labeled.comparison.promptConversation + chosen
            }
        }
    }

    /// Conversations to train on and to test with from a source each.
    public static func load(train: RowSource, test: RowSource) throws(CookbookError) -> ConversationDataset {
        try load(train, split: .allTrain).holdingOut(load(test, split: .allTrain))
    }
}

extension SplitDataset where Value == LabeledComparison {
    /// Comparisons of a source. Throws `CookbookError`.
    public static func load(_ source: RowSource, split: SplitRule = .asMarked) throws(CookbookError)
        -> ComparisonDataset
    {
        try load(source, split: split, prompt: \.comparison.promptConversation.openingMessages) {
            (content) throws(RowProblem) in
            guard case .comparison(let labeled) = content else { throw .drop(.notAComparison) }
            return labeled
        }
    }

    /// Comparisons to train on and to test with from a source each.
    public static func load(train: RowSource, test: RowSource) throws(CookbookError) -> ComparisonDataset {
        try load(train, split: .allTrain).holdingOut(load(test, split: .allTrain))
    }
}

extension SplitDataset {
    /// This one's rows to train on, and the other's to test with.
    private func holdingOut(_ other: SplitDataset) -> SplitDataset {
        let test = other.train.map { row in
            var row = row
            row.id += train.count
            return row
        }
        return SplitDataset(train: train, test: test, report: report.adding(other.report))
    }

    private static func load(
        _ source: RowSource, split: SplitRule, prompt: (Value) -> [Message],
        take: (RowContent) throws(RowProblem) -> Value
    ) throws(CookbookError) -> SplitDataset {
        var rows: [DataRow<Value>] = []
        let raw = try source.rawRows()
        var report = LoadReport(sources: [source.name], read: raw.count, kept: 0, dropped: [])
        for row in raw {
            do throws(RowProblem) {
                if row.isCut { throw .drop(.cutCells) }
                let fields = (row.value.object ?? [:]).filter { !RowShape.fields.contains($0.key) }
                for content in try RowShape.read(row.value) {
                    let value = try take(content)
                    rows.append(DataRow(id: rows.count, value: value, fields: fields, location: row.location))
                }
            } catch {
                switch error {
                case .shape(let message): throw row.location.error(message, hint: "known shapes: " + RowShape.known)
                case .drop(let reason): report.dropped.append(.init(reason: reason, location: row.location))
                }
            }
        }
        report.kept = rows.count
        guard !rows.isEmpty else {
            throw .emptyDataset(
                "\(source.name) has no usable row", hint: raw.isEmpty ? "known shapes: " + RowShape.known : report.description)
        }
        let isTest = try split.heldOut(rows.map(\.fields), prompts: rows.map { prompt($0.value) }, source: source.name)
        // A row's own mark must not outlive another split, or whoever is handed the row would split it the old way again.
        for (index, isTest) in isTest.enumerated() where rows[index].fields["split"] != nil {
            rows[index].fields["split"] = isTest ? "test" : "train"
        }
        return SplitDataset(
            train: zip(rows, isTest).filter { !$1 }.map(\.0), test: zip(rows, isTest).filter { $1 }.map(\.0),
            report: report)
    }
}

extension [Message] {
    /// The messages before the first assistant message: what decides that two rows have the same prompt.
    var openingMessages: [Message] { Array(prefix { $0.role != "assistant" }) }

    /// The conversation before the last assistant message, and that message; nil if the assistant says nothing.
    public var promptAndReply: (prompt: [Message], reply: Message)? {
        guard let index = lastIndex(where: { $0.role == "assistant" }) else { return nil }
        return (Array(self[..<index]), self[index])
    }
}

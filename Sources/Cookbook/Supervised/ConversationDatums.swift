import TrainingAPI

/// Turns conversations into datums and tells of those it cannot use.
struct ConversationDatums {
    let renderer: any Renderer
    let trainOnWhat: TrainOnWhat
    let maxLength: Int
    let progress: any ProgressSink

    /// The datums of the usable rows. Rows without a trained token are left out with a note; an error of the renderer
    /// is thrown with the row's number. Throws `emptyDataset` when no row is left.
    func build(_ conversations: [[Message]], what: String) throws -> [Datum] {
        var datums: [Datum] = []
        var cut = 0
        var firstProblem: String?
        for (row, messages) in conversations.enumerated() {
            do {
                let example = try renderer.buildSupervisedExample(messages, trainOnWhat: trainOnWhat)
                datums.append(try datum(from: example, maxLength: maxLength, reduction: .mean))
                if example.tokens.count > maxLength { cut += 1 }
            } catch CookbookError.data(let message, _, _, _) {
                firstProblem = firstProblem ?? "row \(row + 1): \(message)"
            } catch CookbookError.rendering(let message, let renderer, let hint) {
                throw CookbookError.rendering("row \(row + 1) of \(what): \(message)", renderer: renderer, hint: hint)
            }
        }
        let dropped = conversations.count - datums.count
        if datums.isEmpty {
            throw CookbookError.emptyDataset(
                "\(what) has no usable row" + (firstProblem.map { "; \($0)" } ?? ""),
                hint: "each row needs a reply to learn from within its first \(maxLength) tokens")
        }
        if let firstProblem, dropped > 0 {
            progress.note("\(what): \(dropped) of \(conversations.count) rows are left out; \(firstProblem)")
        }
        if cut > 0 { progress.note("\(what): \(cut) rows are cut off after \(maxLength) tokens") }
        return datums
    }
}

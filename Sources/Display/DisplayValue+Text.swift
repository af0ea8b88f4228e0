extension DisplayValue {
    /// The same with every text put through a function, for instance one that takes keys out.
    public func mapText(_ change: (String) -> String) -> DisplayValue {
        switch self {
        case .text(let text): return .text(change(text))
        case .table(let table): return .table(table.mapText(change))
        case .plot(var plot):
            plot.title = change(plot.title)
            (plot.xLabel, plot.yLabel) = (change(plot.xLabel), change(plot.yLabel))
            for index in plot.series.indices { plot.series[index].name = change(plot.series[index].name) }
            return .plot(plot)
        case .tokens(var tokens):
            // What is spread over several tokens is found in the whole text only; then the numbers of its tokens are lost.
            let text = tokens.text
            let changed = change(text)
            if changed != text { tokens.pieces = [TokenText.Piece(changed, 0)] }
            tokens.header = change(tokens.header)
            return .tokens(tokens)
        case .messages(let messages):
            return .messages(
                messages.map { DisplayMessage(role: $0.role, content: change($0.content), note: change($0.note)) })
        case .pair(let pair):
            return .pair(
                DisplayPair(
                    title: change(pair.title), left: (change(pair.headings.left), pair.sides.left.mapText(change)),
                    right: (change(pair.headings.right), pair.sides.right.mapText(change))))
        case .tensor: return self
        case .samples(var list):
            list.title = change(list.title)
            for index in list.samples.indices {
                list.samples[index].prompt = change(list.samples[index].prompt)
                list.samples[index].response = change(list.samples[index].response)
                list.samples[index].details = list.samples[index].details.map(change)
            }
            return .samples(list)
        case .group(let title, let parts):
            return .group(title: change(title), parts.map { $0.mapText(change) })
        }
    }
}

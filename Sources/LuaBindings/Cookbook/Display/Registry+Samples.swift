import Display
import LuaRuntime

extension Registry {
    /// `rlhf.display.rollouts`.
    mutating func addSampleDisplay() {
        add(
            FunctionBinding(
                "rlhf.display.rollouts", doc: "Shows sampled replies with their rewards, the first few in a terminal.",
                parameters: [
                    ParameterDoc("rows", "table[]", "rows {prompt, response, reward or score, advantage, tokens, ended}"),
                    ParameterDoc(
                        "options", "table", default: "{}",
                        SampleOptions.parameter.doc + "; browse: boolean, looks through them with keys, as run:browse() does"),
                ], example: "rlhf.display.rollouts(run:samples(), {sort = \"worst\", search = \"sorry\"})"
            ) { call in
                var reader = try OptionReader(call, 1)
                let options = try SampleOptions(&reader)
                let isForBrowsing = try reader.bool("browse", default: false)
                try reader.finish()
                var list = options.applied(to: try SampleList(rows: call.table(0).array, call.functionName))
                list.isForBrowsing = isForBrowsing
                call.state.show(.samples(list))
                return .nothing
            })
    }
}

/// Which samples are shown, and in which order.
struct SampleOptions {
    static let parameter = ParameterDoc(
        "options", "table", default: "{}",
        "sort: 'sampled', 'best' or 'worst', by reward; search: string, in prompts and replies; title: string")

    private let order: SampleList.Order
    private let search: String
    private let title: String

    init(_ options: inout OptionReader) throws(LuaError) {
        let name = try options.choice("sort", of: SampleList.Order.allCases.map(\.rawValue), default: SampleList.Order.sampled.rawValue)
        order = SampleList.Order(rawValue: name) ?? .sampled
        search = try options.string("search", default: "")
        title = try options.string("title", default: "")
    }

    func applied(to list: SampleList) -> SampleList {
        var list = list.containing(search).sorted(order)
        if !title.isEmpty { list.title = title }
        return list
    }
}

extension SampleList {
    /// Rows as `run:samples()` gives them. Throws `usage` for anything else.
    init(rows: [LuaValue], _ functionName: String) throws(LuaError) {
        var samples: [Sample] = []
        for (index, value) in rows.enumerated() {
            guard let row = value.table, let response = row["response"].string else {
                throw .usage(
                    "\(functionName): row \(index + 1) has no response",
                    hint: "rows are tables such as {prompt = ..., response = ..., reward = ...}")
            }
            var details: [String] = []
            if let label = row["label"].string { details.append(label) }
            if let nll = row["nll"].number { details.append("nll \(nll.shortText)") }
            if let tokens = row["tokens"].integer { details.append(counted(tokens, "token")) }
            if let ended = row["ended"].string { details.append("ended: \(ended)") }
            if let stopped = row["ended"].boolean, !stopped { details.append("cut off") }
            samples.append(
                Sample(
                    prompt: row["prompt"].string ?? "", response: response, reward: row["reward"].number ?? row["score"].number,
                    advantage: row["advantage"].number, details: details))
        }
        self.init(samples: samples)
    }
}

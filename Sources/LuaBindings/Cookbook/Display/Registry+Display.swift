import Cookbook
import Display
import LuaRuntime
import Tokenizers
import TrainingAPI

extension Registry {
    /// `rlhf.display.table` and `.trajectory`.
    mutating func addDisplay() {
        describe(module: "rlhf.display", "Looking at data.")
        add(
            FunctionBinding(
                "rlhf.display.table", doc: "Prints rows in aligned columns.",
                parameters: [
                    ParameterDoc("rows", "table[]", "rows with names, or lists of values"),
                    ParameterDoc("columns", "string[]", default: "all names, sorted", "which columns, in which order"),
                ],
                example:
                    """
                    rlhf.display.table({{name = \"sft\", nll = 1.9}, {name = \"base\", nll = 2.4}}, \
                    {\"name\", \"nll\"})
                    """
            ) { call in
                call.state.show(.table(try Self.table(call)))
                return .nothing
            },
            FunctionBinding(
                "rlhf.display.trajectory", doc: "Prints an episode turn by turn: what was said, and what it was worth.",
                parameters: [
                    ParameterDoc("trajectory", "table", "one of run.last.groups[i].trajectories"),
                    ParameterDoc("tokenizer", "Tokenizer", default: "nil", "shows what the policy saw as well"),
                    ParameterDoc(
                        "options", "table", default: "{}",
                        "colour: 'none', 'advantage' or 'logprob', what colours the tokens of a reply; needs the tokenizer"),
                ], example: "rlhf.display.trajectory(run.last.groups[1].trajectories[1])"
            ) { call in
                call.state.show(try Self.trajectory(call))
                return .nothing
            },
            FunctionBinding(
                "rlhf.display.clear",
                doc: """
                    Takes away what the cell has given so far, for what is drawn again and again; a terminal keeps what it has shown.
                    """,
                parameters: [
                    ParameterDoc("options", "table", default: "{}", "wait: boolean, only when there is something to put in its place")
                ], example: "rlhf.display.clear{wait = true}\nplot({1, 3, 2})"
            ) { call in
                var options = try OptionReader(call, 0)
                let waits = try options.bool("wait", default: false)
                try options.finish()
                call.state.clearDisplay?(waits)
                return .nothing
            })
    }

    private static func table(_ call: CallContext) throws -> DisplayTable {
        let items = try call.table(0).array
        let rows = try items.enumerated().map { index, item in
            guard let row = item.table else {
                throw LuaError.usage("\(call.functionName): row \(index + 1) is \(item.brief), expected a table")
            }
            return row
        }
        let named = Set(rows.flatMap { $0.fields.map(\.name) })
        let width = rows.map(\.array.count).max() ?? 0
        var columns: [String]
        if call[1].isNone {
            columns = (0..<width).map { String($0 + 1) } + named.sorted()
        } else {
            columns = []
            for value in try call.table(1).array {
                guard let name = value.string else { throw call.mismatch(1, expected: "list of column names") }
                guard named.contains(name) || rows.isEmpty else {
                    throw LuaError.usage(
                        "\(call.functionName): no row has a column '\(name)'",
                        hint: NearMatches.hint(name, among: named.sorted(), what: "there are"))
                }
                columns.append(name)
            }
        }
        let cells = rows.map { row in
            columns.map { column -> String in
                if call[1].isNone, let place = Int(column), place <= width {
                    return place <= row.array.count ? text(row.array[place - 1], call.state) : ""
                }
                return text(row[column], call.state)
            }
        }
        return DisplayTable(columns: columns, rows: cells)
    }

    private static func text(_ value: LuaValue, _ state: LuaState) -> String {
        switch value {
        case .none: ""
        case .number(let number) where number.isFinite: number.shortText
        default: state.describe(value, quotesStrings: false)
        }
    }

    private static func trajectory(_ call: CallContext) throws -> DisplayValue {
        let table = try call.table(0)
        guard let turns = table["transitions"].table?.array, !turns.isEmpty else {
            throw call.mismatch(0, expected: "trajectory (run.last.groups[i].trajectories[j])")
        }
        let tokenizer = call[1].isNone ? nil : try call.object(1, as: TokenizerObject.self).tokenizer
        var options = try OptionReader(call, 2)
        let colour = try options.choice("colour", of: ["none", "advantage", "logprob"], default: "none")
        try options.finish()
        if colour != "none", tokenizer == nil {
            throw LuaError.usage("trajectory: colours need a tokenizer", hint: "give it as the second argument")
        }
        var parts: [DisplayValue] = []
        var messages: [DisplayMessage] = []
        for turn in turns {
            guard let turn = turn.table else { continue }
            if colour != "none", let tokenizer {
                let tokens = (turn["action"].table?.array ?? []).compactMap(\.integer)
                let values =
                    colour == "logprob"
                    ? (turn["logprobs"].table?.array ?? []).map { $0.number ?? 0 }
                    : tokens.map { _ in table["advantage"].number ?? 0 }
                let seen = (turn["observation"].table?.array ?? []).compactMap(\.integer)
                parts.append(.messages([DisplayMessage(role: "saw", content: tokenizer.decode(seen))]))
                parts.append(
                    .tokens(
                        TokenText(
                            header: "\(counted(tokens.count, "token")), ended: \(turn["ended"].string ?? "?")",
                            scale: colour == "logprob" ? .logprob : .weight, tokens: tokens, values: values, tokenizer: tokenizer)))
                continue
            }
            if let tokenizer {
                let tokens = (turn["observation"].table?.array ?? []).compactMap(\.integer)
                messages.append(DisplayMessage(role: "saw", content: tokenizer.decode(tokens)))
            }
            let count = turn["action"].table?.array.count ?? 0
            messages.append(
                DisplayMessage(
                    role: "assistant", content: turn["response"].string ?? "",
                    note: "\(counted(count, "token")), ended: \(turn["ended"].string ?? "?"), reward "
                        + (turn["reward"].number ?? 0).shortText))
        }
        let metrics = (table["metrics"].table?.fields ?? []).map { ($0.name, $0.value.number ?? 0) }
        let totals = [("total reward", table["reward"].number ?? 0), ("advantage", table["advantage"].number ?? 0)] + metrics
        if !messages.isEmpty { parts.append(.messages(messages)) }
        return .group(
            title: "",
            parts + [.text(totals.map { "\($0.0) \($0.1.shortText)" }.joined(separator: ", "))])
    }
}

internal import Display
internal import Foundation
internal import JSON
internal import Notebook

/// A cell that has run.
struct HistoryEntry {
    let number: Int
    let input: String
    /// Its result as text; empty for none.
    let output: String
}

extension JupyterKernel {
    /// The number of this session in answers; earlier ones are not kept.
    private static let historySession: JSONValue = 1

    func remember(_ code: String, _ number: Int) {
        guard code.contains(where: { !$0.isWhitespace }) else { return }
        var result = ""
        if notebook.executions.count >= number {
            for case .result(let value) in notebook.executions[number - 1].outputs { result = TextRenderer(width: 100).text(value) }
        }
        history.append(HistoryEntry(number: number, input: KeyRedaction.redacted(code), output: result))
    }

    /// Entries by access type: the last ones, a range of numbers, or those that fit a pattern.
    func pastEntries(_ request: KernelMessage) -> JSONValue {
        var found: [HistoryEntry]
        switch request.text("hist_access_type") {
        case "range":
            // Sessions are counted back from this one, which is 0 or its own number.
            guard [0, 1, nil].contains(request.integer("session")) else { return ["status": "ok", "history": []] }
            let start = request.integer("start") ?? 0
            let stop = request.integer("stop") ?? .max
            found = history.filter { $0.number >= start && $0.number < stop }
        case "search":
            let pattern = request.content["pattern"]?.string ?? "*"
            found = history.filter { unsafe fnmatch(pattern, $0.input, 0) == 0 }
            if request.flag("unique", default: false) {
                var seen: Set<String> = []
                found = found.reversed().filter { seen.insert($0.input).inserted }.reversed()
            }
            found = found.suffix(max(0, request.integer("n") ?? .max))
        default: found = history.suffix(max(0, request.integer("n") ?? 10))
        }
        let withOutput = request.flag("output", default: false)
        let entries = found.map { entry -> JSONValue in
            let result: JSONValue = entry.output.isEmpty ? .null : .string(entry.output)
            return [
                Self.historySession, .number(JSONValue.Number(entry.number)),
                withOutput ? [.string(entry.input), result] : .string(entry.input),
            ]
        }
        return ["status": "ok", "history": .array(entries)]
    }
}

import Display
import LuaBindings
import LuaRuntime
import Terminal

/// Makes `print` show what is in a table, where Lua's own shows its address.
func definePrint(_ state: LuaState) throws {
    let outcome = state.evaluate(
        """
        return (function(print, pack, unpack, type, text)
            return function(...)
                local values = pack(...)
                for i = 1, values.n do
                    if type(values[i]) == "table" then values[i] = text(values[i]) end
                end
                return print(unpack(values, 1, values.n))
            end
        end)(print, table.pack, table.unpack, type, repl.text)
        """, cellName: "print")
    if let error = outcome.error { throw error }
    if let function = outcome.values.first { try state.define("print", function) }
}

/// `plot`, `inspect` and `repl.text`: what a session needs to look at values.
func displayBindings(_ console: Console) -> [FunctionBinding] {
    let writer = console.writer
    return [
        FunctionBinding(
            "inspect", doc: "Shows a value with all its fields, deeper and longer than a cell's result.",
            parameters: [ParameterDoc("x", "any", "the value")], example: "inspect(rlhf)", takesReferences: true
        ) { call in
            let width = TerminalSize.current().columns
            call.state.output(call.state.describe(call[0], depth: 8, items: 200, width: width) + "\n")
            return .nothing
        },
        FunctionBinding(
            "repl.text", doc: "The text that a cell's result is shown as.",
            parameters: [ParameterDoc("x", "any", "the value")], returns: "string",
            example: "repl.text({accuracy = 0.9})", takesReferences: true
        ) { call in
            .value(.string(call.state.describe(call[0], width: TerminalSize.current().columns)))
        },
        FunctionBinding(
            "plot",
            doc:
                "Draws lines in the terminal, and into an SVG file if one is named. A series is a list of numbers; nil and "
                + "nan are gaps.",
            parameters: [
                ParameterDoc("series", "number[] or {[name] = number[]}", "one list, or several by name"),
                ParameterDoc(
                    "options", "table", default: "{}",
                    "title, x_label, y_label: string; x: number[], the abscissas; file: string, an .svg file; width, height: "
                        + "integer, in characters; ascii: boolean, for terminals without braille"),
            ],
            example: "plot({3.1, 2.4, 2.2}, {title = \"NLL\", file = \"nll.svg\"})"
        ) { call in
            var options = try OptionReader(call, 1)
            let x = try options.numbers("x")
            var plot = Plot(series: try plotSeries(call, x: x))
            plot.title = try options.string("title", default: "")
            plot.xLabel = try options.string("x_label", default: "")
            plot.yLabel = try options.string("y_label", default: "")
            let file = try options.string("file", default: "")
            let width = try options.int("width", default: plot.screen.columns, atLeast: 20)
            let height = try options.int("height", default: plot.screen.rows, atLeast: 3)
            let isAscii = try options.bool("ascii", default: false)
            try options.finish()
            plot.screen.columns = width
            plot.screen.rows = height
            if isAscii { plot.screen.marks = .ascii }
            call.state.show(.plot(plot))
            if !file.isEmpty {
                try plot.writeFile(file)
                writer.writeError("plot written to \(file)\n")
            }
            return .nothing
        },
    ]
}

extension OptionReader {
    fileprivate mutating func numbers(_ name: String) throws(LuaError) -> [Double]? {
        let value = value(name)
        if value.isNone { return nil }
        guard let table = value.table, case let numbers = table.array.compactMap(\.number),
            numbers.count == table.array.count
        else { throw mismatch(name, expected: "list of numbers") }
        return numbers
    }
}

/// One list of numbers, a list of lists, or lists by name.
private func plotSeries(_ call: CallContext, x: [Double]?) throws -> [Plot.Series] {
    let table = try call.table(0)
    func series(_ name: String, _ value: LuaValue) throws -> Plot.Series {
        guard let list = value.table else {
            throw call.mismatch(0, expected: "a list of numbers, or lists of numbers by name")
        }
        let numbers = list.array.map(\.number)
        for (index, item) in list.array.enumerated() where numbers[index] == nil && !item.isNone {
            throw LuaError.usage(
                "plot: item \(index + 1) of series '\(name)' is \(item.brief), expected a number or nil")
        }
        if let x, x.count != numbers.count {
            throw LuaError.usage("plot: series '\(name)' has \(numbers.count) values, but x has \(x.count)")
        }
        return Plot.Series(name, x: x, y: numbers)
    }
    if table.array.contains(where: { $0.table != nil }) {
        return try table.array.enumerated().map { try series("\($0.offset + 1)", $0.element) }
    }
    if !table.fields.isEmpty { return try table.fields.map { try series($0.name, $0.value) } }
    return [try series("", .table(table))]
}

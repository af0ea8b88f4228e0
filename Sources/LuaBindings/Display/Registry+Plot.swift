import Display
import LuaRuntime
import Tensors

extension Registry {
    /// `plot`: lines, points, bars and histograms of numbers. `note` tells of files that were written.
    public mutating func addPlot(note: @escaping @Sendable (String) -> Void) {
        add(
            FunctionBinding(
                "plot",
                doc:
                    "Draws lines, points, bars or a histogram, in the terminal and into a picture file if one is named. A series is a "
                    + "list of numbers or a tensor; nil and nan are gaps.",
                parameters: [
                    ParameterDoc("series", "number[] or {[name] = number[]}", "one list, or several by name"),
                    ParameterDoc(
                        "options", "table", default: "{}",
                        "kind: 'line', 'scatter', 'bars' or 'histogram'; x: number[], the abscissas; bins: integer, of a histogram; "
                            + PlotOptions.parameter.doc),
                ],
                example: "plot({3.1, 2.4, 2.2}, {title = \"NLL\", y_scale = \"log\", file = \"nll.svg\"})"
            ) { call in
                var reader = try OptionReader(call, 1)
                let kinds = Plot.Kind.allCases.map(\.rawValue) + ["histogram"]
                let kind = try reader.choice("kind", of: kinds, default: "line")
                let x = try numbers(&reader, "x")
                let bins = try reader.optional("bins", expected: "integer >= 1") { $0.integer.flatMap { $0 >= 1 ? $0 : nil } }
                let options = try PlotOptions(&reader)
                try reader.finish()
                let series = try plotSeries(call, x: x)
                var plot: Plot
                if kind == "histogram" {
                    if x != nil { throw LuaError.usage("plot: a histogram counts values and takes no x") }
                    plot = .histogram(series.map { ($0.name, $0.y.compactMap { $0 }) }, bins: bins)
                } else {
                    if bins != nil {
                        throw LuaError.usage("plot: bins are for a histogram", hint: "say kind = 'histogram'")
                    }
                    plot = Plot(series: series)
                    for index in plot.series.indices { plot.series[index].kind = Plot.Kind(rawValue: kind) ?? .line }
                }
                plot = options.applied(to: plot)
                // A running average needs all values.
                if plot.smoothing == 0 { plot.series = plot.series.map { $0.thinned() } }
                call.state.show(.plot(plot))
                if let file = options.file {
                    try plot.writeFile(file)
                    note("plot written to \(file)")
                }
                return .nothing
            })
    }
}

private func numbers(_ options: inout OptionReader, _ name: String) throws(LuaError) -> [Double]? {
    let value = options.value(name)
    if value.isNone { return nil }
    guard let numbers = list(value), case let known = numbers.compactMap({ $0 }), known.count == numbers.count else {
        throw options.mismatch(name, expected: "list of numbers")
    }
    return known
}

/// The items of a list or a tensor of one axis, nil for those that are no numbers; nil for anything else.
private func list(_ value: LuaValue) -> [Double?]? {
    if let table = value.table { return table.array.map(\.number) }
    guard let tensor = (value.object as? TensorObject)?.tensor, tensor.rank == 1 else { return nil }
    return tensor.doubles
}

/// One list of numbers, a list of lists, or lists by name.
private func plotSeries(_ call: CallContext, x: [Double]?) throws -> [Plot.Series] {
    func series(_ name: String, _ value: LuaValue) throws -> Plot.Series {
        guard let numbers = list(value) else {
            throw call.mismatch(0, expected: "a list of numbers, or lists of numbers by name")
        }
        for (index, item) in (value.table?.array ?? []).enumerated() where numbers[index] == nil && !item.isNone {
            throw LuaError.usage(
                "plot: item \(index + 1) of series '\(name)' is \(item.brief), expected a number or nil")
        }
        if let x, x.count != numbers.count {
            throw LuaError.usage("plot: series '\(name)' has \(numbers.count) values, but x has \(x.count)")
        }
        return Plot.Series(name, x: x, y: numbers)
    }
    if call[0].table == nil { return [try series("", call[0])] }
    let table = try call.table(0)
    if table.array.contains(where: { $0.table != nil || $0.object != nil }) {
        return try table.array.enumerated().map { try series("\($0.offset + 1)", $0.element) }
    }
    // A metric's column is a list with its length beside it.
    let named = table.fields.filter { $0.value.table != nil || $0.value.object != nil }
    if !named.isEmpty { return try named.map { try series($0.name, $0.value) } }
    return [try series("", .table(table))]
}

import Cookbook
import LuaRuntime
import TrainingAPI

/// A run's metrics as Lua holds them: a snapshot of the moment when they were asked for.
final class MetricsObject: LuaObject {
    static let luaType = "RunMetrics"
    let metrics: Metrics

    init(_ metrics: Metrics) { self.metrics = metrics }

    /// A column. Throws `usage` with near matches for a name that no step has.
    func column(_ name: String) throws(LuaError) -> [Double?] {
        guard let column = metrics[name] else {
            throw .usage(
                "no step has a metric '\(name)'",
                hint: metrics.names.isEmpty
                    ? "nothing has been measured yet"
                    : NearMatches.hint(name, among: metrics.names, what: "there are"))
        }
        return column
    }
}

extension LuaValue {
    /// A metric's value, nil where there is none; a count is an integer.
    fileprivate init(metric name: String, _ value: Double?) {
        guard let value else {
            self = .none
            return
        }
        self = Metrics.isCount(name) ? Int(exactly: value).map { .integer($0) } ?? .number(value) : .number(value)
    }

    /// A step's values by name.
    init(_ row: Metrics.Row) {
        self = .table(
            LuaTable(fields: row.values.map { (name: $0.key, value: LuaValue(metric: $0.key, $0.value)) }))
    }
}

extension MetricsObject {
    /// The type in Lua.
    static let binding = TypeBinding(
        name: luaType,
        doc:
            """
            What a run measured. metrics[\"test/nll\"] is a column: a list with nil where a step has no \
            value, and `n`, its length.
            """,
        properties: [
            FunctionBinding("steps", doc: "The step of each row, counted from 0.", returns: "integer[]") {
                .value(LuaValue(list: try $0.object(0, as: MetricsObject.self).metrics.steps.map { .integer($0) }))
            },
            FunctionBinding("names", doc: "The names of all columns.", returns: "string[]") {
                .value(LuaValue(list: try $0.object(0, as: MetricsObject.self).metrics.names.map { .string($0) }))
            },
        ],
        methods: [
            FunctionBinding(
                "rows", doc: "One table for each step, with `step` and the values by name.", returns: "table[]",
                example: "rlhf.display.table(run.metrics:rows(), {\"step\", \"loss\"})"
            ) { call in
                let metrics = try call.object(0, as: MetricsObject.self).metrics
                return .value(
                    LuaValue(
                        list: metrics.rows.map { row in
                            guard case .table(var table) = LuaValue(row) else { return .none }
                            table["step"] = .integer(row.step)
                            return .table(table)
                        }))
            },
            FunctionBinding(
                "last", doc: "The latest value of a column.",
                parameters: [ParameterDoc("name", "string", "the metric")],
                returns: "number", example: "print(run.metrics:last(\"test/nll\"))"
            ) { call in
                let object = try call.object(0, as: MetricsObject.self)
                let name = try call.string(1)
                let column = try object.column(name)
                return .value(LuaValue(metric: name, column.last { $0 != nil } ?? nil))
            },
            FunctionBinding(
                "has", doc: "Tells whether any step has a metric.",
                parameters: [ParameterDoc("name", "string", "the metric")], returns: "boolean"
            ) { call in
                let metrics = try call.object(0, as: MetricsObject.self).metrics
                return .value(.boolean(metrics[try call.string(1)] != nil))
            },
        ],
        operators: [
            FunctionBinding("__index", doc: "A column by name.") { call in
                let object = try call.object(0, as: MetricsObject.self)
                guard let name = call[1].string else { return .nothing }
                let column = try object.column(name)
                return .value(
                    .table(
                        LuaTable(
                            array: column.map { LuaValue(metric: name, $0) },
                            fields: [("n", .integer(column.count))])))
            },
            FunctionBinding("__len", doc: "The number of steps.") {
                .value(.integer(try $0.object(0, as: MetricsObject.self).metrics.rows.count))
            },
            FunctionBinding("__tostring", doc: "Shows the number of steps and the columns.") { call in
                let metrics = try call.object(0, as: MetricsObject.self).metrics
                return .value(
                    .string("RunMetrics(\(metrics.rows.count) steps: \(metrics.names.joined(separator: ", ")))"))
            },
        ])
}

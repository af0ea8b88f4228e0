import Cookbook
import LuaRuntime

/// A reward function of a script. It runs on the Lua thread, each call in a coroutine of its own, while the runner is
/// awaited.
struct LuaReward: Sendable {
    let function: LuaFunction
    let rows: [PromptRow]

    /// Calls `reward(prompt, response, info)`.
    func reward(_ request: RewardRequest) async throws -> EpisodeReward {
        let row = rows[request.row]
        var info = row.fields
        info["row"] = .integer(request.row + 1)
        info["messages"] = LuaValue(request.prompt)
        info["tokens"] = .integer(request.tokens)
        info["ended"] = .boolean(request.endedCleanly)
        let values = try await function.call([row.shown, .string(request.response), .table(info)])
        return try result(values)
    }

    /// A number, and perhaps a table of metrics.
    private func result(_ values: [LuaValue]) throws(LuaError) -> EpisodeReward {
        guard let reward = values.first?.number else {
            throw function.error(
                "the reward function returned \(values.first?.brief ?? "nil"), expected a number",
                hint: "return reward, or reward and a table of metrics")
        }
        return EpisodeReward(reward, metrics: try function.metrics(values.count > 1 ? values[1] : .none))
    }
}

extension LuaFunction {
    /// An error about what this function returned, at the place where it is defined.
    func error(_ message: String, hint: String? = nil) -> LuaError {
        LuaError(kind: "usage", message: message, hint: hint, cell: source, line: line)
    }

    /// Numbers by name; booleans count 1 and 0.
    func metrics(_ value: LuaValue) throws(LuaError) -> [String: Double] {
        if value.isNone { return [:] }
        guard let table = value.table, table.array.isEmpty, table.others.isEmpty else {
            throw error("metrics must be numbers by name, got \(value.brief)")
        }
        var metrics: [String: Double] = [:]
        for field in table.fields {
            guard let number = field.value.number ?? field.value.boolean.map({ $0 ? 1 : 0 }) else {
                throw error("the metric '\(field.name)' is \(field.value.brief), expected a number")
            }
            metrics[field.name] = number
        }
        return metrics
    }
}

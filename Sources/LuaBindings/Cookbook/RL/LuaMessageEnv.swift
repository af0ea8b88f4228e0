import Cookbook
import LuaRuntime
import TrainingAPI

/// An environment of a script: a table with the methods `initial_observation` and `step`.
struct LuaMessageEnv: MessageEnv {
    private let table: LuaTable
    private let maker: LuaFunction

    /// The table that `make` returned.
    init(_ values: [LuaValue], maker: LuaFunction) throws(LuaError) {
        guard let table = values.first?.table, table.reference != nil else {
            throw maker.error(
                "make returned \(values.first?.brief ?? "nil"), expected a table with initial_observation and step")
        }
        self.table = table
        self.maker = maker
    }

    func initialObservation() async throws -> [Message] {
        let values = try await table.call(method: "initial_observation")
        do {
            return try (values.first ?? .none).messages(place: "initial_observation returned")
        } catch {
            throw maker.error(error.message, hint: error.hint)
        }
    }

    func step(_ message: Message) async throws -> MessageStepResult {
        let values = try await table.call(method: "step", [LuaValue(message)])
        let known = ["reward", "episode_done", "next_messages", "metrics"]
        guard let result = values.first?.table, result.array.isEmpty else {
            throw maker.error(
                "step returned \(values.first?.brief ?? "nil"), expected a table",
                hint:
                    """
                    return {reward = 1, episode_done = true} or {reward = 0, episode_done = false, \
                    next_messages = {...}}
                    """
            )
        }
        if let field = result.fields.first(where: { !known.contains($0.name) }) {
            throw maker.error(
                "step returned a field '\(field.name)'",
                hint: NearMatches.hint(field.name, among: known, what: "it may return"))
        }
        guard let reward = result["reward"].number, let isDone = result["episode_done"].boolean else {
            throw maker.error("step must return a number as reward and a boolean as episode_done")
        }
        guard isDone || !result["next_messages"].isNone else {
            throw maker.error("step returned no next_messages, but the episode is not done")
        }
        do {
            let next = isDone ? [] : try result["next_messages"].messages(place: "next_messages")
            return MessageStepResult(
                reward: reward, episodeDone: isDone, nextMessages: next, metrics: try maker.metrics(result["metrics"]))
        } catch {
            throw maker.error("step: \(error.message)", hint: error.hint)
        }
    }
}

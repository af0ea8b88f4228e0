import Cookbook
public import LuaRuntime
import TrainingAPI

extension LuaError {
    /// An error of the cookbook as Lua shall see it. One that began in a Lua function keeps its cell, line and
    /// traceback.
    public init(cookbook error: any Error) {
        switch error {
        case let error as CookbookError:
            self.init(kind: error.kind.rawValue, message: error.description, hint: error.hint)
        case let error as RolloutFailure:
            self.init(wrapping: error.underlying, hint: error.hint) {
                let place = "group \(error.group + 1), sample \(error.sample + 1)"
                return "\(place) (row \(error.row + 1), \"\(error.prompt.prefix(60))\"): \($0)"
            }
        case let error as StepFailure:
            let resume = error.checkpoint.map { "start again with the same log_path to go on from checkpoint \($0)" }
            self.init(wrapping: error.underlying, hint: resume) { "\(error.stage), step \(error.step): \($0)" }
        default: self.init(error)
        }
    }

    /// An error with its message put into a larger one, and a hint that follows its own.
    private init(wrapping underlying: any Error, hint: String?, message: (String) -> String) {
        self.init(cookbook: underlying)
        self.message = message(self.message)
        let hints = [self.hint, hint].compactMap { $0 }
        self.hint = hints.isEmpty ? nil : hints.joined(separator: "; ")
    }
}

extension HostResult {
    /// Work away from the Lua thread, which serves callbacks meanwhile. When it is cancelled the call ends at once, and the work
    /// in its own time: a run saves a checkpoint first.
    static func work(_ body: @escaping @Sendable () async throws -> [LuaValue]) -> HostResult {
        .future(
            Future(finishingWork: true) {
                do { return try await body() } catch { throw LuaError(cookbook: error) }
            })
    }
}

/// Calls a function of the cookbook on the Lua thread; its errors become Lua's.
func cookbook<Value>(_ body: () throws -> Value) throws(LuaError) -> Value {
    do { return try body() } catch { throw LuaError(cookbook: error) }
}

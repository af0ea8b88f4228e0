import Foundation
import LuaRuntime

/// Runs a test's body on a thread of its own, as the session does with Lua: a blocked pool thread would starve the
/// tasks it waits for.
func onLuaThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Swift.Result { try body() }) }
        thread.stackSize = 16 << 20
        thread.start()
    }
}

/// What a state has printed.
final class Sink {
    var text = ""
}

func makeState(_ sink: Sink = Sink(), memoryLimit: Int? = nil, isSandboxed: Bool = false) throws -> LuaState {
    try LuaState(options: .init(memoryLimit: memoryLimit, isSandboxed: isSandboxed)) { sink.text += $0 }
}

extension LuaState {
    /// Evaluates as cell 1 and fails on errors.
    func run(_ source: String, cell: String = "cell[1]") throws -> [LuaValue] {
        let outcome = evaluate(source, cellName: cell)
        if let error = outcome.error { throw error }
        return outcome.values
    }

    /// The one-line display of a cell's values.
    func shown(_ source: String) throws -> String { try run(source).map { describe($0) }.joined(separator: " ") }

    func define(_ name: String, _ body: @escaping @Sendable (CallContext) throws -> HostResult) throws {
        try define(name, .function(makeFunction(HostFunction(name, body: body))))
    }
}

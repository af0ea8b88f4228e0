import Foundation
import LuaRuntime
import Testing
import TrainingAPI

/// Evaluates a cell and interrupts it from another thread once it has called `ready()`.
private func interrupted(_ source: String) async throws -> (outcome: CellOutcome, after: String) {
    try await onLuaThread {
        let state = try makeState()
        let mailbox = state.mailbox
        try state.define("ready") { _ in
            Thread.detachNewThread {
                Thread.sleep(forTimeInterval: 0.02)
                mailbox.interrupt()
            }
            return .nothing
        }
        try state.define("forever") { _ in .future(Future<[LuaValue]>()) }
        try state.define("poll") { context in
            while !context.isInterrupted { Thread.sleep(forTimeInterval: 0.001) }
            throw LuaError.cancelled
        }
        try state.define("spawn") { context in
            _ = context.state.spawn(try context.function(0))
            return .nothing
        }
        let outcome = state.evaluate(source, cellName: "cell[1]")
        // Nothing of the interrupt may be left for what comes next.
        let after = try state.shown(
            "local n = 0\nfor i = 1, 10000 do n = n + 1 end\nlocal ok = coroutine.wrap(function() coroutine.yield(true) end)()\nn, ok, kept"
        )
        return (outcome, after)
    }
}

@Suite struct InterruptTests {
    @Test(
        "An interrupt stops a cell wherever it is, and the session goes on",
        arguments: [
            "while true do end",
            "coroutine.wrap(function() while true do end end)()",
            "local co = coroutine.create(function() while true do end end)\nwhile true do coroutine.resume(co) end",
            "while true do pcall(function() while true do end end) end",
            "while true do xpcall(function() while true do end end, function(e) return e end) end",
            "coroutine.wrap(function() while true do pcall(coroutine.wrap(function() while true do end end)) end end)()",
            "forever()",
            "while true do pcall(forever) end",
            "coroutine.wrap(function() forever() end)()",
            "os.execute('exec sleep 1000')",
            "table.sort({3, 2, 1}, function(a, b) return forever() end)",
            "while true do coroutine.yield() end",
            "while true do local ok = pcall(poll) end",
            "spawn(function() while true do end end)\nforever()",
            "spawn(function() forever() end)\nforever()",
            "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end})\nwhile true do pcall(function() return t[1] end) end",
            "while true do load('while true do end')() end",
            "local p = ('.-'):rep(9) .. 'b' while true do pcall(string.find, ('a'):rep(30000), p) end",
            "local _ = (('a'):rep(30000)):match(('.-'):rep(9) .. 'b')",
            "local _ = (('a'):rep(30000)):gsub(('.-'):rep(9) .. 'b', '')",
            "for _ in (('a'):rep(30000)):gmatch(('.-'):rep(9) .. 'b') do end",
        ])
    func stops(source: String) async throws {
        let (outcome, after) = try await interrupted("local kept = 7\nready()\n" + source)
        #expect(outcome.error?.kind == "cancelled", "\(String(describing: outcome.error))")
        #expect(outcome.wasInterrupted)
        #expect(after == "10000 true 7")
    }

    @Test("Variables to be closed are closed when an interrupt stops their cell")
    func closes() async throws {
        let (outcome, after) = try await interrupted(
            "ready()\nlocal h <close> = setmetatable({}, {__close = function() kept = 7 end})\nwhile true do end")
        #expect(outcome.wasInterrupted)
        #expect(after == "10000 true 7")
    }

    @Test("An interrupt at the prompt does not reach the next cell")
    func notTheNextCell() throws {
        let state = try makeState()
        state.interrupt()
        #expect(try state.shown("local n = 0\nfor i = 1, 1000 do n = n + 1 end\nn") == "1000")
    }

    @Test("An interrupt leaves background tasks of earlier cells alone")
    func backgroundTasks() async throws {
        let text = try await onLuaThread {
            let state = try makeState()
            let mailbox = state.mailbox
            let gate = Future<[LuaValue]>()
            try state.define("gate") { _ in .future(gate) }
            try state.define("spawn") { context in
                _ = context.state.spawn(try context.function(0))
                return .nothing
            }
            try state.define("stop") { _ in
                mailbox.interrupt()
                return .nothing
            }
            _ = try state.run("spawn(function() result = gate() + 1 end)\ncoroutine.yield()")
            let outcome = state.evaluate("stop()\nwhile true do end", cellName: "cell[2]")
            gate.resolve(.success([41]))
            state.run(until: { state.taskCount == 0 })
            return "\(outcome.wasInterrupted) \(try state.shown("result"))"
        }
        #expect(text == "true 42")
    }

    @Test("SIGINT interrupts the state that has taken it")
    func signal() async throws {
        let wasInterrupted = try await onLuaThread {
            let state = try makeState()
            state.handlesSIGINT(true)
            defer { state.handlesSIGINT(false) }
            try state.define("ready") { _ in
                Thread.detachNewThread {
                    Thread.sleep(forTimeInterval: 0.02)
                    kill(getpid(), SIGINT)
                }
                return .nothing
            }
            return state.evaluate("ready()\nwhile true do end", cellName: "cell[1]").wasInterrupted
        }
        #expect(wasInterrupted)
    }
}

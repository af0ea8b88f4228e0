import Foundation
import LuaRuntime
import Synchronization
import Testing
import TrainingAPI

final class Counter: Sendable {
    let value = Mutex(0)
    func add(_ n: Int) { value.withLock { $0 += n } }
    var count: Int { value.withLock { $0 } }
}

final class Probe: LuaObject {
    static let luaType = "Probe"
    let counter: Counter
    let externalBytes: Int
    init(_ counter: Counter, bytes: Int = 0) {
        self.counter = counter
        externalBytes = bytes
        counter.add(1)
    }
    deinit { counter.add(-1) }
}

private struct Oops: UserFacingError {
    var kind: String { "data" }
    var message: String { "row 3 is empty" }
    var hint: String? { "remove it" }
}

@Suite struct BorderTests {
    @Test("Ten thousand throwing host calls leak nothing")
    func throwingCalls() throws {
        let counter = Counter()
        let state = try makeState()
        try state.define("fail") { context in
            let probe = Probe(counter)
            defer { withExtendedLifetime(probe) {} }
            _ = context[0].table
            throw Oops()
        }
        let source =
            "local n = 0\nfor i = 1, 10000 do\n  local ok, e = pcall(fail, {i, name = 'x', f = print})\n  if not ok and e.kind == 'data' then n = n + 1 end\nend\nn"
        #expect(try state.shown(source) == "10000")
        #expect(counter.count == 0)
        state.collectGarbage()
        let before = state.memoryUsed
        _ = try state.run(source)
        state.collectGarbage()
        #expect(state.memoryUsed < before + 20_000)
    }

    @Test("Swift errors reach Lua with kind, message, hint, cell and line")
    func errorFields() throws {
        let state = try makeState()
        try state.define("fail") { _ in throw Oops() }
        try state.define("unknown") { _ in throw TrainingError.unknownModel("x", known: ["a", "b"]) }
        #expect(
            try state.shown("\nlocal _, e = pcall(function()\n fail() end)\ne.kind, e.message, e.hint, e.cell, e.line")
                == #""data" "row 3 is empty" "remove it" "cell[1]" 3"#)
        #expect(try state.shown("tostring(e)") == #""cell[1]:3: row 3 is empty (remove it)""#)
        #expect(try state.shown("'failed: ' .. e") == #""failed: cell[1]:3: row 3 is empty (remove it)""#)
        #expect(state.evaluate("unknown()", cellName: "c").error?.kind == "model")
    }

    @Test("Values cross the border both ways unchanged")
    func values() throws {
        let state = try makeState()
        try state.define("echo") { context in .values(context.arguments) }
        #expect(
            try state.shown("echo(nil, true, 1, 1.5, 'a\\0b', {1, {2}, k = {x = 'y'}, [2.5] = 3})").contains(
                "[2.5] = 3"))
        #expect(try state.shown("select('#', echo(nil, nil))") == "2")
        #expect(try state.shown("local f = function() return 9 end\necho(f) == f, echo(f)()") == "true 9")
        #expect(try state.shown("local t = setmetatable({}, {})\necho(t) == t") == "true")
        #expect(try state.shown("local c = coroutine.create(print)\necho(c) == c") == "true")
    }

    @Test("Tables that contain themselves or are too deep are errors that say so")
    func cycles() throws {
        let state = try makeState()
        try state.define("echo") { context in .values(context.arguments) }
        #expect(
            state.evaluate("local t = {}\nt.t = t\necho(t)", cellName: "c").error?.message
                == "the table contains itself")
        #expect(
            state.evaluate("local t = {}\nfor i = 1, 100 do t = {t} end\necho(t)", cellName: "c").error?.message
                .contains("deeper") == true)
        #expect(try state.shown("local s = {1}\n#echo{s, s}") == "2")
    }

    @Test("The same Swift object is the same value in Lua, and is released when Lua drops it")
    func identity() throws {
        let counter = Counter()
        let state = try makeState()
        try state.register(
            ObjectType(
                name: "Probe",
                properties: [
                    HostFunction("Probe.bytes") { .value(.integer(try $0.object(0, as: Probe.self).externalBytes)) }
                ],
                methods: [HostFunction("Probe:twice") { .value(.integer(2 * (try $0.integer(1)))) }],
                metamethods: [
                    HostFunction("__index") { context in .value(context[1].integer.map { .integer($0 * 10) } ?? .none)
                    },
                    HostFunction("__len") { _ in .value(3) },
                    HostFunction("__tostring") { _ in .value("a probe") },
                ]))
        do {
            let probe = Probe(counter, bytes: 5)
            try state.define("get") { _ in .value(.object(probe)) }
            #expect(try state.shown("local p = get()\np == get(), p:twice(4), p.bytes, p[7], #p") == "true 8 5 70 3")
            #expect(try state.shown("get()") == "a probe")
            #expect(state.evaluate("get().byts", cellName: "c").error?.hint == "did you mean 'bytes'?")
            #expect(
                state.evaluate("get().x = 1", cellName: "c").error?.message == "Probe is read-only: 'x' cannot be set")
            #expect(state.evaluate("get().twice(1, 2)", cellName: "c").error == nil)
            #expect(
                state.evaluate("get():twice('x')", cellName: "c").error?.message
                    == #"Probe:twice: argument 1 expected integer, got "x""#)
        }
        try state.define("make") { _ in .value(.object(Probe(counter))) }
        _ = try state.run("for i = 1, 1000 do make() end")
        try state.resetGlobals()
        state.collectGarbage()
        state.collectGarbage()
        #expect(counter.count == 1)
    }

    @Test("The collector knows of memory outside of Lua")
    func externalMemory() throws {
        let live = Counter()
        let state = try makeState()
        try state.define("tensor") { _ in .value(.object(Probe(live, bytes: 10 << 20))) }
        try state.define("alive") { _ in .value(.integer(live.count)) }
        let source = "local most = 0\nfor i = 1, 5000 do tensor()\n most = math.max(most, alive()) end\nmost"
        let most = try #require(try state.run(source).first?.integer)
        #expect(most < 200)
    }

    @Test("A memory limit ends in an error, and the state stays usable")
    func memoryLimit() throws {
        let state = try makeState(memoryLimit: 8 << 20)
        let outcome = state.evaluate(
            "local kept = 3\nlocal t = {}\nwhile true do t[#t + 1] = ('x'):rep(1000) .. #t end", cellName: "c")
        #expect(outcome.error?.message == "not enough memory")
        #expect(outcome.error?.hint?.contains("8 MiB") == true)
        try state.resetGlobals()
        state.collectGarbage()
        #expect(try state.shown("1 + 1") == "2")
    }

    @Test("Functions are called from any task, hundreds at a time, and wait without stopping one another")
    func manyCalls() async throws {
        let sum = try await onLuaThread {
            let state = try makeState()
            try state.define("later") { context in
                let n = try context.integer(0)
                return .future(
                    Future {
                        try await Task.sleep(for: .milliseconds(20)); return [.integer(n)]
                    })
            }
            guard let f = try state.run("function(n) local a = later(n)\n return a + later(1) end").first?.function
            else { return -1 }
            let future = Future<Int> {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for n in 1...300 { group.addTask { try await f.call([.integer(n)])[0].integer ?? 0 } }
                    return try await group.reduce(0, +)
                }
            }
            let mailbox = state.mailbox
            future.whenDone { _ in mailbox.wake() }
            state.run(until: { future.isDone })
            return try future.result?.get() ?? -1
        }
        #expect(sum == 300 * 301 / 2 + 300)
    }

    @Test("Errors of Lua callbacks arrive in Swift with their place, and go on through Lua with it")
    func callbackErrors() async throws {
        let error = try await onLuaThread {
            let state = try makeState()
            try state.define("train") { context in
                let f = try context.function(0)
                return .future(Future { try await f.call() })
            }
            return state.evaluate("local function reward()\n  return nil + 1\nend\ntrain(reward)", cellName: "cell[4]")
                .error
        }
        #expect(error?.cell == "cell[4]" && error?.line == 2)
        #expect(error?.message == "attempt to perform arithmetic on a nil value")
    }

    @Test("Methods of Lua tables keep their state")
    func methods() async throws {
        let total = try await onLuaThread {
            let state = try makeState()
            try state.define("drive") { context in
                let environment = try context.table(0)
                return .future(
                    Future {
                        for _ in 0..<3 { _ = try await environment.call(method: "step", [2]) }
                        return try await environment.call(method: "total")
                    })
            }
            return try state.run(
                "local Env = {}\nEnv.__index = Env\nfunction Env:step(n) self.sum = self.sum + n end\nfunction Env:total() return self.sum end\ndrive(setmetatable({sum = 1}, Env))"
            )[0].integer
        }
        #expect(total == 7)
    }

    @Test("Waiting works in a cell, in pcall, in __index, in coroutines and in table.sort")
    func waiting() async throws {
        let text = try await onLuaThread {
            let state = try makeState()
            try state.define("later") { context in
                let values = context.arguments
                return .future(
                    Future {
                        try await Task.sleep(for: .milliseconds(2)); return values
                    })
            }
            try state.define("fails") { _ in
                .future(
                    Future {
                        try await Task.sleep(for: .milliseconds(1)); throw TrainingError.io("disk full")
                    })
            }
            return try state.shown(
                """
                local ok, v = pcall(later, 1)
                local lazy = setmetatable({}, {__index = function(_, k) return later(k) end})
                local made = coroutine.wrap(function() coroutine.yield(later(5)) end)()
                local sorted = {3, 1, 2}
                table.sort(sorted, function(a, b) return later(a) < b end)
                local failed, e = pcall(fails)
                ok, v, lazy.key, made, sorted, failed, e.kind, later(9)
                """)
        }
        #expect(text == #"true 1 "key" 5 {1, 2, 3} false "io" 9"#)
    }

    @Test("Swift tasks go on while Lua computes")
    func progress() async throws {
        let done = try await onLuaThread {
            let state = try makeState()
            let future = Future<Int> {
                for _ in 0..<5 { try await Task.sleep(for: .milliseconds(1)) }
                return 5
            }
            try state.define("done") { _ in .value(.boolean(future.isDone)) }
            return try state.shown("while not done() do end\n'yes'")
        }
        #expect(done == "\"yes\"")
    }

    @Test("Spawned functions run while the cell waits")
    func spawning() async throws {
        let text = try await onLuaThread {
            let state = try makeState()
            try state.define("spawn") { context in
                let future = context.state.spawn(try context.function(0))
                return .future(future)
            }
            try state.define("go") { context in
                _ = context.state.spawn(try context.function(0))
                return .nothing
            }
            return try state.shown(
                "local log = {}\ngo(function() log[#log + 1] = 'a'; coroutine.yield(); log[#log + 1] = 'c' end)\nspawn(function() log[#log + 1] = 'b' coroutine.yield() coroutine.yield() end)\nlog"
            )
        }
        #expect(text == #"{"a", "b", "c"}"#)
    }

    @Test("Host functions can call Lua functions and wait for them")
    func callsFromHost() throws {
        let state = try makeState()
        try state.define("map") { context in
            let f = try context.function(1)
            return .value(
                .table(LuaTable(array: try context.table(0).array.map { try context.state.call(f, [$0])[0] })))
        }
        #expect(try state.shown("map({1, 2}, function(x) return x * 2 end)") == "{2, 4}")
        let error = state.evaluate("map({1, 2}, function(x)\n  return x.y.z end)", cellName: "c").error
        #expect(error?.line == 2)
    }

    @Test("A table and a function of one name become a table that can be called")
    func callableTables() throws {
        let state = try makeState()
        try state.define("m.tensor.zeros") { context in .value(.integer(try context.integer(0))) }
        try state.define("m.tensor") { context in .value(.integer((try context.table(0)).array.count)) }
        try state.define("m.tensor.ones") { _ in .value(1) }
        try state.define("m.late") { _ in .value(2) }
        try state.define("m.late.x") { _ in .value(3) }
        #expect(
            try state.shown("m.tensor.zeros(4), m.tensor{1, 2, 3}, m.tensor.ones(), m.late(), m.late.x()")
                == "4 3 1 2 3")
    }

    @Test("A sandbox has no files, processes, code loading or finalizers")
    func sandbox() throws {
        let state = try makeState(isSandboxed: true)
        #expect(
            try state.shown("io, require, load, debug, os.execute, string.dump, collectgarbage")
                == "nil nil nil nil nil nil nil")
        #expect(
            state.evaluate("setmetatable({}, {__gc = print})", cellName: "c").error?.message.contains("__gc") == true)
        #expect(
            state.evaluate("(('a'):rep(100000)):find('b')", cellName: "c").error?.message.contains("64 KiB") == true)
        #expect(try state.shown("('abc'):gsub('b', 'x')") == "\"axc\" 1")
    }

    @Test("No raising API of Lua occurs in Swift sources")
    func forbiddenSymbols() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources")
        let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        var checked = 0
        while let url = files?.nextObject() as? URL {
            guard url.pathExtension == "swift" else { continue }
            checked += 1
            let text = try String(contentsOf: url, encoding: .utf8)
            for symbol in [
                "import CLua\n", "lua_error", "luaL_", "lua_call", "lua_pcall", "lua_push", "lua_get", "lua_set",
            ] {
                #expect(!text.contains(symbol), "\(url.lastPathComponent) uses \(symbol)")
            }
        }
        #expect(checked > 10)
    }
}

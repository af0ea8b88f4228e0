import LuaRuntime
import Testing
import TrainingAPI

@Suite struct FaultInjectionTests {
    private static let script = """
        local rows = {{name = 'a', f = print}, {name = 'b'}}
        local copy = echo(rows, 'text', 1.5)
        local ok, e = pcall(fail, 'x')
        local text = tostring(e) .. #copy
        local object = make()
        local values = {object.size, object:half(8), object == make()}
        local co = coroutine.wrap(function(a) local b = coroutine.yield(a .. 'x') return b end)
        values[#values + 1] = co('1') .. co('2')
        local waited = later({1, 2, 3})
        table.sort(waited, function(a, b) return a > b end)
        local closed <close> = setmetatable({}, {__close = function() rows = nil end})
        text, waited, string.format('%s %d', text, #values)
        """

    private func makeProbe(_ counter: Counter) throws -> LuaState {
        let state = try makeState()
        try state.register(
            ObjectType(
                name: "Probe", properties: [HostFunction("Probe.size") { _ in .value(3) }],
                methods: [HostFunction("Probe:half") { .value(.integer(try $0.integer(1) / 2)) }]))
        let shared = Probe(counter)
        try state.define("echo") { .values($0.arguments) }
        try state.define("fail") { _ in throw LuaError.usage("no", hint: "yes") }
        try state.define("make") { _ in .value(.object(shared)) }
        try state.define("later") { .future(Future(.success($0.arguments))) }
        return state
    }

    @Test("Whichever allocation fails, the error is clean and the state usable", arguments: [2, 1_000_000])
    func everyAllocation(count: Int) throws {
        let counter = Counter()
        do {
            let state = try makeProbe(counter)
            let expected = try state.shown(Self.script)
            var failures = 0, after = 0
            while after < 20_000 {
                state.failAllocations(after: after, count: count)
                let outcome = state.evaluate(Self.script, cellName: "cell[1]")
                _ = state.completions(for: "rows.")
                _ = state.globals()
                _ = state.outdatedCaptures()
                _ = state.failedFrames().first.map { try? state.variables(of: $0) }
                state.failAllocations(after: -1, count: 0)
                if let error = outcome.error {
                    failures += 1
                    let isClean =
                        error.message.contains("not enough memory") || error.message == "stack overflow"
                        || error.message.contains("error in error handling")
                    #expect(isClean, "\(error)")
                    // pcall swallows some failures, then later lines stumble over their results
                    #expect(error.kind == "usage")
                } else if outcome.values.count == 3, after > 600 {
                    break
                }
                after += after < 400 ? 1 : 7
                if after % 20 == 0 { #expect(try state.shown(Self.script) == expected) }
            }
            #expect(failures > 50)
            #expect(try state.shown(Self.script) == expected)
        }
        #expect(counter.count == 0)
    }
}

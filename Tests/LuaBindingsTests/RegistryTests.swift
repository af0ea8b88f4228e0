import Foundation
import LuaBindings
import LuaRuntime
import Testing
import TrainingAPI

final class Sink {
    var text = ""
}

private func sample() -> Registry {
    var registry = Registry()
    registry.addFutures()
    registry.describe(module: "rlhf", "The program's own functions.")
    registry.add(
        FunctionBinding(
            "rlhf.create", doc: "Makes something. It takes a while.", style: .options,
            parameters: [
                ParameterDoc("rank", "integer", default: "32", "the rank"),
                ParameterDoc("base_model", "string", "the model"),
            ],
            returns: "Future", example: "rlhf.create{base_model = 'm'}"
        ) { context in
            var options = try OptionReader(context, 0)
            let rank = try options.int("rank", default: 32, atLeast: 1)
            let model = try options.string("base_model")
            let rate = try options.double("rate", default: 0.5, in: 0...1)
            let loss = try options.choice("loss", of: ["ppo", "cispo"], default: "ppo")
            let stop = try options.list("stop", of: "string", default: [], \.string)
            try options.finish()
            return .value(.string("\(rank) \(model) \(rate) \(loss) \(stop)"))
        },
        FunctionBinding("rlhf.later", doc: "Waits.", example: "rlhf.later(1)") { context in
            let value = context[0]
            return .future(
                Future<LuaValue> {
                    try await Task.sleep(for: .milliseconds(2)); return value
                }
            ) { $0 }
        },
        FunctionBinding("rlhf.never", doc: "Never ends.", example: "rlhf.never()") { _ in
            .future(Future<LuaValue>()) { $0 }
        })
    return registry
}

private func run(_ source: String) async throws -> (shown: String, printed: String, error: LuaError?) {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(
                with: Result {
                    let sink = Sink()
                    let state = try LuaState { sink.text += $0 }
                    try sample().install(into: state)
                    let outcome = state.evaluate(source, cellName: "cell[1]")
                    return (outcome.values.map { state.describe($0) }.joined(separator: " "), sink.text, outcome.error)
                })
        }
    }
}

@Suite struct RegistryTests {
    @Test("Every binding has documentation; gaps are found")
    func documentation() {
        var registry = Registry()
        registry.addFutures()
        #expect(registry.documentationGaps == [])
        registry.add(FunctionBinding("rlhf.x", doc: "", parameters: [ParameterDoc("a", "", "")]) { _ in .nothing })
        #expect(
            registry.documentationGaps == [
                "rlhf.x: no doc", "rlhf.x: no example", "rlhf.x: parameter 'a' has no doc or type",
            ])
    }

    @Test(
        "Options are typed and strict, and messages say what was expected",
        arguments: [
            ("{rank = '50', base_model = 'm'}", #"create: option 'rank' expected integer >= 1, got "50""#, nil),
            ("{rank = 0, base_model = 'm'}", "create: option 'rank' expected integer >= 1, got 0", nil),
            ("{}", "create: option 'base_model' is missing, expected string", nil),
            ("{base_model = 'm', rnak = 3}", "create: unknown option 'rnak'", "did you mean 'rank'?"),
            ("{base_model = 'm', rate = 2}", "create: option 'rate' expected number in 0.0...1.0, got 2", nil),
            ("{base_model = 'm', loss = 'pop'}", "create: option 'loss' cannot be \"pop\"", "did you mean 'ppo'?"),
            ("{base_model = 'm', stop = {'a', 2}}", "create: option 'stop', item 2 expected string, got 2", nil),
            (
                "{'m', base_model = 'm'}", "create: options are given by name, got \"m\" without one",
                "it has: base_model, loss, rank, rate, stop"
            ),
        ] as [(String, String, String?)])
    func options(table: String, message: String, hint: String?) async throws {
        let error = try await run("rlhf.create" + table).error
        #expect(error?.message == message)
        #expect(error?.hint == hint)
    }

    @Test("Options have defaults")
    func defaults() async throws {
        #expect(
            try await run("rlhf.create{base_model = 'm', rank = 8.0, stop = {'a'}}").shown == #""8 m 0.5 ppo [\"a\"]""#)
    }

    @Test("Futures are waited for, gathered, asked and cancelled")
    func futures() async throws {
        let source = """
            local a, b = rlhf.later(1), rlhf.later('x')
            local task = rlhf.spawn(function(n) return rlhf.later(n):result() + 1 end, 41)
            local never = rlhf.never()
            never:cancel()
            local ok, e = pcall(never.result, never)
            local early = rlhf.never():done()
            rlhf.gather{a, b}, task:result(), a:done(), early, e.kind, tostring(rlhf.never()), rlhf.gather{}
            """
        let result = try await run(source)
        #expect(result.error == nil)
        #expect(result.shown == #"{1, "x"} 42 true false "cancelled" "Future (running)" {}"#)
    }

    @Test("The first error of gathered futures is raised with its place")
    func gatheredErrors() async throws {
        let error = try await run("rlhf.gather{rlhf.never(), rlhf.spawn(function()\n  error('bad') end)}").error
        #expect(error?.message == "bad" && error?.line == 2)
        #expect(try await run("rlhf.gather{1}").error?.message == "rlhf.gather: item 1 expected Future, got 1")
    }

    @Test(
        "help tells about paths, functions, tables, types and objects",
        arguments: [
            (
                "help('rlhf.create')",
                "rlhf.create{rank = 32, base_model =} -> Future\n  Makes something. It takes a while.\n    rank        integer, default 32: the rank"
            ),
            ("help(rlhf.create)", "rlhf.create{rank"), ("help(rlhf)", "rlhf\n  The program's own functions."),
            ("help(rlhf.never())", "Future\n  The result of work"),
            ("help('Future:result')", "Future:result() -> the value"),
            ("help(print)", "a built-in function"),
            ("function f() end\nhelp(f)", "a Lua function, defined at cell[1]:1"),
            ("help(_G)", "a table"), ("help()", "help(x) or ?x"), ("help(help)", "help(what = nil)"),
        ])
    func help(source: String, beginning: String) async throws {
        let printed = try await run(source).printed
        #expect(printed.hasPrefix(beginning), "\(printed)")
    }

    @Test("help suggests near names")
    func helpSuggestions() async throws {
        #expect(try await run("help('rlhf.creat')").error?.hint == "did you mean 'rlhf.create'?")
    }
}

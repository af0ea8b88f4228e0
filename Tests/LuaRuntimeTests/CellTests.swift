import LuaRuntime
import Testing

@Suite struct CellTests {
    @Test(
        "The value of a cell's last expression is displayed",
        arguments: [
            ("1 + 1", "2"), ("local x = 4\nx * 2", "8"), ("x = 1; x + 1", "2"), ("'a', 2", "\"a\" 2"),
            ("local t = {}\nt.a = 5\nt.a -- note", "5"), ("return 7", "7"), ("for i = 1, 3 do end", ""), ("", ""),
            ("-- only a comment", ""), ("y = 1 -- note; y", ""), ("local s = [[\nx\n]]", ""),
            ("math.max(\n  1,\n  3)", "3"), ("local a = 10\nlocal b = a\n-3", ""),
            ("f = function() return 5 end\nf()", "5"),
            ("s = '; 1'\n\n#s", "3"), ("if true then\n  x = 2\nend\nx", "2"), ("{1, 2}", "{1, 2}"),
        ])
    func tail(source: String, expected: String) throws {
        #expect(try makeState().shown(source) == expected)
    }

    @Test("A line that begins with a parenthesis continues the line before, and the error says so")
    func parenthesis() throws {
        let outcome = try makeState().evaluate("print('hi')\n('x'):rep(3)", cellName: "cell[1]")
        #expect(outcome.error?.hint?.contains("begins with a parenthesis") == true)
    }

    @Test("A trailing semicolon suppresses the display, not the value", arguments: ["41 + 1;", "x = 42\nx ; -- note"])
    func suppressed(source: String) throws {
        let outcome = try makeState().evaluate(source, cellName: "cell[1]")
        #expect(outcome.error == nil)
        #expect(outcome.isDisplaySuppressed)
        #expect(outcome.values.first?.integer == 42)
    }

    @Test("Top-level locals live on in later cells, constants and functions too")
    func localsLiveOn() throws {
        let state = try makeState()
        _ = try state.run(
            "local x <const>, y<const> = 1, 2\nlocal function f() return x + 1 end\nlocal t = {}", cell: "cell[1]")
        #expect(try state.shown("x, f(), type(t)") == "1 2 \"table\"")
        #expect(state.evaluate("local z <const> = 1\nz = 2", cellName: "c").error?.message.contains("const") == true)
        _ = try state.run("local x = nil\nx")
        #expect(try state.shown("x") == "nil")
    }

    @Test("Locals survive an error, also one deep below the cell")
    func localsSurviveErrors() throws {
        let state = try makeState()
        let source =
            "local kept = 5\nlocal function deep(n) if n == 0 then error('stop') end deep(n - 1) return 1 end\ndeep(30)\nlocal never = 1"
        #expect(state.evaluate(source, cellName: "cell[1]").error?.message == "stop")
        #expect(try state.shown("kept, never") == "5 nil")
    }

    @Test("A stack overflow is an error like others and leaves locals and state usable")
    func stackOverflow() throws {
        let state = try makeState()
        let outcome = state.evaluate("local kept = 1\nlocal function f() return 1 + f() end\nf()", cellName: "cell[1]")
        #expect(outcome.error?.message.contains("stack overflow") == true)
        #expect(try state.shown("kept") == "1")
    }

    @Test("Errors name cell and line, without the position in the message")
    func lineNumbers() throws {
        let state = try makeState()
        let runtime = state.evaluate("local a = 1\n\nlocal b = a.x.y\na", cellName: "cell[7]").error
        #expect(runtime?.cell == "cell[7]" && runtime?.line == 3)
        #expect(runtime?.message.hasPrefix("attempt to index a number value") == true)
        let syntax = state.evaluate("x = 1\nx = = 2", cellName: "cell[8]").error
        #expect(syntax?.cell == "cell[8]" && syntax?.line == 2)
        _ = try state.run("function fail(n)\n  error('no ' .. n)\nend", cell: "cell[2]")
        let other = state.evaluate("\nfail(3)", cellName: "cell[9]").error
        #expect(other?.cell == "cell[2]" && other?.line == 2 && other?.message == "no 3")
        #expect(other?.traceback == "cell[2]:2: in function 'fail'\ncell[9]:2: in the cell")
    }

    @Test("Cells with long names keep them in errors")
    func longNames() throws {
        let name = "a tutorial with a very long name indeed, longer than what Lua keeps of chunk names.lua"
        let error = try makeState().evaluate("\nerror('x')", cellName: name).error
        #expect(error?.cell == name && error?.line == 2 && error?.message == "x")
        #expect(try makeState().evaluate("\nlocal local", cellName: name).error?.line == 2)
    }

    @Test("Error values of any type become errors with a message")
    func errorValues() throws {
        let state = try makeState()
        #expect(
            state.evaluate("error{kind = 'data', message = 'bad row', hint = 'fix it'}", cellName: "c").error?.kind
                == "data")
        #expect(state.evaluate("error()", cellName: "c").error?.message == "error value: nil")
        #expect(
            state.evaluate("error(setmetatable({}, {__tostring = function() return 'mine' end}))", cellName: "c").error?
                .message == "error value: mine")
        #expect(state.evaluate("error(setmetatable({}, {__tostring = error}))", cellName: "c").error != nil)
        #expect(
            state.evaluate("error{code = 3, rows = {1, 2}}", cellName: "c").error?.message
                == "error value: {code = 3, rows = {1, 2}}")
        #expect(
            state.evaluate("local t = {} t.t = t error(t)", cellName: "c").error?.message == "error value: {t = <cycle>}")
        #expect(
            state.evaluate("coroutine.wrap(function() error({7}) end)()", cellName: "c").error?.message
                == "error value: {7}")
    }

    @Test(
        "Unfinished input is told from wrong input",
        arguments: [
            ("for i = 1, 3 do", true), ("f(", true), ("x =", true), ("1 +", true), ("[[abc", true), ("--[[ note", true),
            ("x = 1", false), ("1 + 1", false), ("x = = 1", false), ("print \"a", false), ("", false),
        ])
    func incomplete(source: String, expected: Bool) throws {
        #expect(try makeState().isIncomplete(source) == expected)
    }

    @Test("Globals of cells are listed with type and summary, and can be forgotten")
    func globals() throws {
        let state = try makeState()
        _ = try state.run("rows = {1, 2, {3}}\nlocal name = 'Ada'")
        #expect(
            state.globals() == [
                GlobalSummary(name: "name", type: "string", summary: "\"Ada\""),
                GlobalSummary(name: "rows", type: "table", summary: "{1, 2, {...}}"),
            ])
        try state.resetGlobals()
        #expect(state.globals().isEmpty)
        #expect(try state.shown("type(print)") == "\"function\"")
    }

    @Test("A cell may run another cell from inside")
    func nested() throws {
        let state = try makeState()
        try state.define("run_cell") { context in
            .values(context.state.evaluate(try context.string(0), cellName: "inner").values)
        }
        #expect(try state.shown("local a = run_cell('local b = 20\\nb + 1')\na, b") == "21 20")
    }

    @Test("Output goes to the sink")
    func output() throws {
        let sink = Sink()
        _ = try makeState(sink).run("print('a', 1, nil)\nio.write('x', 2)")
        #expect(sink.text == "a\t1\tnil\nx2")
    }

    @Test("os.exit is an error that names %quit")
    func osExit() throws {
        #expect(try makeState().evaluate("os.exit(1)", cellName: "c").error?.hint?.contains("%quit") == true)
    }
}

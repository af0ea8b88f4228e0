import Display
import LuaRuntime
import Testing
import TrainingAPI

@Suite struct InspectionTests {
    @Test("Summaries are bounded in depth and number, mark cycles and run no __index")
    func summaries() throws {
        let state = try makeState()
        #expect(
            try state.shown("local t = {1, 2, x = {y = {z = {deep = {1}}}}}\nt.self = t\nt")
                == "{1, 2, self = <cycle>, x = {y = {z = {deep = {...}}}}}")
        let long = try state.shown("local t = {}\nfor i = 1, 100 do t[i] = i end\nt")
        #expect(long.contains("30") && !long.contains("31") && long.contains("... 70 more"))
        #expect(try state.shown("setmetatable({a = 1}, {__index = function() error('touched') end})") == "{a = 1}")
        #expect(try state.shown("setmetatable({}, {__tostring = function() return 'me' end})") == "me")
        #expect(
            try state.shown("setmetatable({}, {__tostring = function() error('no') end})")
                == "<table: __tostring failed>")
        #expect(
            try state.shown("{f = function() end, ['a b'] = 1, ['end'] = 2}")
                == #"{["a b"] = 1, ["end"] = 2, f = function: cell[1]:1}"#)
        #expect(try state.shown("'a\\n\"b\"'") == #""a\n\"b\"""#)
    }

    @Test("A large table as a cell's result is cut to some forty lines and says how much is left out")
    func largeTables() throws {
        let state = try makeState()
        func shown(_ source: String) throws -> String {
            guard case .text(let text) = state.displayValue(of: try state.run(source)[0]) else { return "" }
            return text
        }
        let row = "{id = i, text = ('word '):rep(12), turns = {{role = 'user', content = ('hello '):rep(9)}}}"
        for count in [3, 30, 300] {
            let text = try shown("local rows = {} for i = 1, \(count) do rows[i] = \(row) end\nrows")
            #expect(text.split(separator: "\n").count <= 40)
            #expect(text.contains("id = 3"))
            #expect(text.contains("\(count - 4) more") || count == 3)
        }
    }

    @Test("Completion walks tables, __index tables and types without running code")
    func completion() throws {
        let state = try makeState()
        let counter = Counter()
        try state.register(
            ObjectType(
                name: "Probe", properties: [HostFunction("Probe.size") { _ in .value(3) }],
                methods: [HostFunction("Probe:half") { _ in .nothing }]))
        try state.define("make") { _ in .value(.object(Probe(counter))) }
        _ = try state.run(
            """
            local Base = {}
            Base.__index = Base
            function Base.greet() end
            alice = setmetatable({age = 3, _hidden = 1}, Base)
            trap = setmetatable({}, {__index = function() error('ran') end})
            probe = make()
            nest = {probe = probe}
            """)
        func texts(_ line: String) -> [String] { state.completions(for: line).map(\.text) }
        #expect(texts("print(ali") == ["alice"])
        #expect(texts("x = alice.") == ["alice.age", "alice.greet"])
        #expect(texts("alice._") == ["alice._hidden"])
        #expect(texts("alice:") == ["alice:greet"])
        #expect(texts("trap.") == [])
        #expect(texts("trap.x.y.") == [])
        #expect(texts("probe.") == ["probe.half", "probe.size"])
        #expect(texts("nest.probe:h") == ["nest.probe:half"])
        #expect(texts("retu") == ["return"])
        #expect(texts("string.for") == ["string.format"])
        #expect(texts("nothing.here.") == [])
        #expect(state.completions(for: "string.rep").first?.kind == .function)
        _ = try state.run("big = {}\nfor i = 1, 5000 do big['k' .. i] = i end")
        #expect(texts("big.").count == 200)
    }

    @Test(
        "Near names are suggested", arguments: [("rnak", ["rank"]), ("learning_rat", ["learning_rate"]), ("zzz", [])])
    func suggestions(name: String, expected: [String]) {
        #expect(NearMatches.of(name, among: ["rank", "learning_rate", "seed"]) == expected)
    }
}

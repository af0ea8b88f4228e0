import Foundation
import LuaRuntime
import Notebook
import TestSupport
import Testing

struct NoticeTests {
    @Test(
        "a name that is not defined is warned of where nil is handed on, with what was meant",
        arguments: [
            ("f(lerning_rate)", true), ("local t = {rate = lerning_rate}", true), ("x = lerning_rate", true),
            ("lerning_rate", true), ("return lerning_rate", true), ("local n = learning_rate or lerning_rate", false),
            ("f(lerning_rate == 1 or lerning_rate)", true),
        ])
    func slips(source: String, isRead: Bool) throws {
        let desk = try Desk()
        _ = desk.shown("learning_rate = 1; function f() end")
        let warning = "warning: In[2], line 1: 'lerning_rate' is not defined and gives nil; did you mean 'learning_rate'?\n"
        #expect(desk.shown(source).contains(warning) == isRead)
        #expect(!desk.shown(source).contains("warning"))  // once for a name
    }

    @Test(
        "testing whether a name exists is no slip, and what fails by itself needs no second message",
        arguments: [
            "if lerning_rate then end", "x = lerning_rate or 5", "x = not lerning_rate", "x = type(lerning_rate)",
            "x = lerning_rate == nil", "x = _G.lerning_rate", "x = rawget(_G, 'lerning_rate')", "lerning_rate()",
            "x = lerning_rate + 1", "x = {lerning_rate = 1}", "local lerning_rate\nx = lerning_rate",
            "function g() return lerning_rate end", "lerning_rate = lerning_rate and 1", "x = _",
        ])
    func tests(source: String) throws {
        let desk = try Desk()
        _ = desk.shown("learning_rate = 1")
        #expect(!desk.shown(source).contains("warning"))
    }

    @Test("a function defined in one cell may use what a later one defines")
    func definedLater() throws {
        let desk = try Desk()
        #expect(desk.shown("function f() local x = later return x end") == "")
        #expect(desk.shown("later = 4\nf()") == "4\n")
    }

    @Test("errors about names that are not there say what was meant, also in a table")
    func suggestions() throws {
        let desk = try Desk()
        #expect(desk.shown("pirnt(1)").contains("hint: nothing is called 'pirnt'; did you mean 'print'?"))
        #expect(desk.shown("local cuont = 1\nx = conut + 1").contains("did you mean 'cuont' or 'count'?") == false)
        #expect(desk.shown("local count = 1\nx = conut + 1").contains("did you mean 'count'?"))
        #expect(desk.shown("string.fromat('x')").contains("hint: string has no 'fromat'; did you mean 'format'?"))
    }

    @Test("a function that holds an old local is told of once, by name and cell")
    func captures() throws {
        let desk = try Desk(
            script: """
                -- %% Define
                local rate = 1
                local function scale(x) return x * rate end
                env = {step = function() return rate end}
                -- %% Change
                rate = 2
                -- %% More
                rate = 3
                """)
        desk.notebook.isQuiet = true
        _ = desk.shown("%run 1")
        #expect(desk.takeNotes() == "")
        let hint =
            "hint: env.step, scale still use the local rate of cell 1 \"Define\", not the new one; run that cell again, or drop 'local' there\n"
        #expect(desk.shown("%run 2") == hint)
        #expect(desk.shown("%run 3") == "")
        #expect(desk.shown("%run 1") == "")
        #expect(desk.shown("local rate = 5") == hint.replacing("cell 1 \"Define\"", with: "cell 1 \"Define\""))
    }

    @Test("locals of functions, recursion, and functions defined anew are no old locals")
    func noCaptures() throws {
        let desk = try Desk()
        _ = desk.shown("local function counter() local n = 0; return function() n = n + 1; return n end end\nc = counter()")
        #expect(desk.shown("c() n = 5") == "")
        _ = desk.shown("local function f(k) return k == 0 and 1 or k * f(k - 1) end")
        #expect(desk.shown("local function f(k) return k end\nf(3)") == "3\n")
        _ = desk.shown("local a = 1; local function g() return a end")
        #expect(desk.shown("local a = 2; local function g() return a end") == "")
    }

    @Test("a function that changes its own copy is told of when the session's is looked at")
    func changedByFunction() throws {
        let desk = try Desk()
        _ = desk.shown("local n = 0\nfunction inc() n = n + 1 end")
        #expect(desk.shown("inc()") == "")
        #expect(
            desk.shown("n")
                == "0\nhint: inc has changed the local n of In[1], and the session's n is a copy; without 'local' there they share it\n"
        )
        #expect(desk.shown("n") == "0\n")
    }
}

struct FileChangeTests {
    private let path = ScratchFolder.url.appending(path: "\(UUID().uuidString).lua").path

    private func write(_ text: String) throws {
        // A new file each time, as editors do; its size differs, so that the test does not depend on the clock.
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }

    @Test("what an editor writes is taken over at the next entry, and only the changed cells are stale")
    func changed() throws {
        let desk = try Desk()
        desk.notebook.isQuiet = true
        try write("-- %% A\na = 1\n-- %% B\nb = a\n-- %% C\nc = b\n")
        desk.notebook.open(try Script(contentsOf: path))
        _ = desk.shown("%run all")
        try write("-- %% A\na = 1\n-- %% New\nn = 0\n-- %% B\nb = a + 10\n-- %% C\nc = b\n")
        #expect(desk.shown("b") == "1\n\(path) has changed on disk: cell 3 changed, cell 2 new\n")
        #expect([1, 2, 3, 4].map(desk.notebook.status) == [.ok, .neverRun, .stale, .ok])
        #expect(desk.shown("%run B") == "")
        #expect(desk.shown("b") == "11\n")
        #expect(desk.notebook.status(4) == .stale)
        try write("-- %% A\na = 1\n")
        #expect(desk.shown("1").contains("has changed on disk: 3 gone\n"))
    }

    @Test("untitled and moved cells keep their runs, and a file that cannot be read is told of once")
    func untitled() throws {
        let desk = try Desk()
        desk.notebook.isQuiet = true
        try write("-- %%\na = 1\n-- %%\nb = 2\n-- %%\nc = 3\n")
        desk.notebook.open(try Script(contentsOf: path))
        _ = desk.shown("%run all")
        try write("-- %%\na = 1\n-- %%\nb = 2222\n-- %%\nc = 3\n")
        #expect(desk.shown("1").contains("cell 2 changed\n"))
        #expect([1, 2, 3].map(desk.notebook.status) == [.ok, .stale, .ok])
        try Data([0xFF, 0xFE, 0xFF]).write(to: URL(filePath: path))
        #expect(desk.shown("1").contains("cannot be read"))
        #expect(desk.shown("1") == "1\n")
        #expect(desk.notebook.script?.codeCells.count == 3)
    }
}

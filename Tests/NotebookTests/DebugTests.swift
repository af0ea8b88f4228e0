import Foundation
import LuaRuntime
import Notebook
import Testing

struct DebugTests {
    private static let script = """
        -- %% Define
        local factor = 2
        local function inner(t, k)
          local x = nil
          return t.a.b * factor
        end
        -- %% Use
        local rows = {size = 5}
        inner(rows, 7)
        """

    private func failed() throws -> Desk {
        let desk = try Desk(script: Self.script)
        desk.notebook.isQuiet = true
        _ = desk.shown("%run all")
        return desk
    }

    @Test("%debug shows the frames of the failure, and the variables of the innermost as they were")
    func start() throws {
        let desk = try failed()
        #expect(
            desk.shown("%debug").hasPrefix(
                """
                → 1  cell 1 "Define", demo.lua:5, in function 'inner'
                  2  cell 2 "Use", demo.lua:9, in the cell
                name  kind  value
                factor  upvalue  2
                t  local  {size = 5}
                k  local  7
                x  local  nil

                """))
    }

    @Test("up and down go from frame to frame, and expressions see the frame's variables, then the session's")
    func walk() throws {
        let desk = try failed()
        #expect(desk.shown("%debug k + factor") == "9\n")
        #expect(desk.shown("%debug rows") == "{size = 5}\n")  // the session's, kept although the cell failed
        #expect(desk.shown("%debug up").hasPrefix("2  cell 2 \"Use\", demo.lua:9, in the cell\n"))
        #expect(desk.shown("%debug k") == "nil\n")
        #expect(desk.shown("%debug rows.size * 2") == "10\n")
        #expect(desk.shown("%debug up").contains("there are 2 frames, and this is the outermost"))
        #expect(desk.shown("%debug 1").contains("→ 5 │   return t.a.b * factor"))
        #expect(desk.shown("%debug t = {a = {b = 3}} return inner(t, 0)") == "6\n")
    }

    @Test("an expression that fails leaves the frames as they are, and so does help on a name that is none")
    func stays() throws {
        let desk = try failed()
        #expect(desk.shown("%debug k.y.z").contains("attempt to index"))
        _ = desk.shown("?nothing.at.all")
        #expect(desk.shown("%debug k") == "7\n")
        _ = desk.shown("1 + 1")
        #expect(desk.shown("%debug k") == "7\n")
        _ = desk.shown("error('other')")
        #expect(desk.shown("%debug k") == "nil\n")
    }

    @Test("with somebody to ask, %debug takes questions until an empty line")
    func questions() throws {
        let desk = try failed()
        var answers = ["k", "up", "rows.size", "down", "down", "", "never"][...]
        desk.notebook.ask = { _ in answers.popFirst() }
        let text = desk.shown("%debug")
        #expect(text.contains("7\n2  cell 2"))
        #expect(text.contains("5\n1  cell 1"))
        #expect(text.contains("this is the innermost frame"))
        #expect(answers == ["never"])
    }

    @Test("what an interrupted cell held can be looked at, and before any failure %debug says that there is none")
    func interrupted() throws {
        let desk = try Desk()
        #expect(desk.shown("%debug").contains("nothing has failed"))
        let mailbox = desk.notebook.state.mailbox
        desk.notebook.onRunning = { isRunning in
            // The interrupt has to come after the cell has begun, because one from before is not for it.
            if isRunning { Thread.detachNewThread { for _ in 0..<100 { usleep(20_000); mailbox.interrupt() } } }
        }
        #expect(desk.shown("local i = 5\nwhile true do end").contains("interrupted\n"))
        desk.notebook.onRunning = { _ in }
        #expect(desk.shown("%debug locals").contains("i  local  5\n"))
    }

    @Test("a failure in a callback that Swift has called shows the callback's frame and then the caller's")
    func callback() throws {
        let desk = try Desk()
        let state = desk.notebook.state
        try state.define(
            "each",
            .function(
                state.makeFunction(
                    HostFunction("each") { call in .values(try call.state.call(try call.function(0), [.integer(3)])) })))
        _ = desk.shown("local outer = 1\neach(function(row)\n  local inner = row + 1\n  error('bad row')\nend)")
        #expect(desk.shown("%debug where").split(separator: "\n").count == 2)
        #expect(desk.shown("%debug inner") == "4\n")
        #expect(desk.shown("%debug up").contains("In[1], line 2"))
        #expect(desk.shown("%debug outer") == "1\n")
    }
}

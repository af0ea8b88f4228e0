import Foundation
import LuaBindings
import LuaRuntime
import Notebook
import TestSupport
import Testing

struct NotebookTests {
    @Test("values are shown unless a semicolon ends the cell, and In, Out and _ remember")
    func history() throws {
        let desk = try Desk()
        desk.notebook.runEntry("6 * 7")
        desk.notebook.runEntry("_ + 1;")
        desk.notebook.runEntry("Out[1] + Out[2], In[1], _")
        #expect(desk.take() == "42\n85  \"6 * 7\"  43\n")
        #expect(desk.notebook.executions.map(\.number) == [1, 2, 3])
        #expect(desk.notebook.executions.allSatisfy { $0.ending == .ok })
    }

    @Test("an error names the cell, its line in the file, three lines of source, and the calls that led there")
    func errorReport() throws {
        let desk = try Desk(
            script: """
                -- %% Define
                local function inner(t)
                  local x = 1
                  return t.a.b
                end

                -- %% Use
                inner({})
                """)
        desk.notebook.isQuiet = true
        let failed = try desk.notebook.runCells([1, 2])
        #expect(failed?.title == "Use")
        #expect(
            desk.notes.hasPrefix(
                """
                error in cell 1 "Define", demo.lua:4
                  3 │   local x = 1
                → 4 │   return t.a.b
                    │          ^^^
                  5 │ end
                attempt to index a nil value (field 'a')
                """))
        #expect(desk.notes.contains("cell 2 \"Use\", demo.lua:8"))
    }

    @Test("a marker inside a long string is named as the reason why the cell does not compile")
    func splitString() throws {
        let desk = try Desk(script: "-- %% A\ns = [[\n-- %% B\n]]\n")
        _ = try desk.notebook.runCells([1])
        #expect(desk.notes.contains("hint: line 3 of the file is a cell marker"))
    }

    @Test("cells are new, ok, error or stale, and nothing runs by itself")
    func states() throws {
        let desk = try Desk(script: "-- %% A\nx = 1\n-- %% B\ny = x\n-- %% C\nerror('c')\n")
        let notebook = desk.notebook
        func states() -> [CellStatus] { [1, 2, 3].map(notebook.status) }
        #expect(states() == [.neverRun, .neverRun, .neverRun])
        _ = try notebook.runCells([1, 2, 3])
        #expect(states() == [.ok, .ok, .error])
        #expect(notebook.nextCell == 3)
        _ = try notebook.runCells([1])
        #expect(states() == [.ok, .stale, .stale])
        _ = try notebook.runCells([2])
        #expect(states() == [.ok, .ok, .stale])
        notebook.open(Script(text: "-- %% New\nz = 0\n-- %% A\nx = 1\n-- %% B\ny = x + 1\n", path: "demo.lua"))
        #expect(states() == [.neverRun, .ok, .stale])
    }

    @Test("an interrupted cell is marked so")
    func interrupted() throws {
        let desk = try Desk(script: "-- %% Loop\nwhile true do end\n")
        let mailbox = desk.notebook.state.mailbox
        desk.notebook.onRunning = { isRunning in
            // The interrupt has to come after the cell has begun, because one from before is not for it.
            if isRunning { Thread.detachNewThread { for _ in 0..<100 { usleep(20_000); mailbox.interrupt() } } }
        }
        let execution = try desk.notebook.runCell(1)
        #expect(execution.ending == .interrupted)
        #expect(desk.notebook.status(1) == .interrupted)
        #expect(desk.notes.contains("interrupted\n"))
    }

    @Test("cells run by number, range, title, the beginning of a title, from a number on, and all")
    func targets() throws {
        let desk = try Desk(script: "-- %% Make data\nprint(1)\n-- %% Train it\nprint(2)\n-- %% Test it\nprint(3)\n")
        for (target, expected) in [
            ("2", "2\n"), ("1,3", "1\n3\n"), ("Train it", "2\n"), ("make", "1\n"), ("from 2", "2\n3\n"),
            ("all", "1\n2\n3\n"), ("until 2", "1\n2\n"), ("until train", "1\n2\n"), ("from Train it", "2\n3\n"),
            ("from make until train it", "1\n2\n"),
        ] {
            #expect(desk.notebook.runEntry("%run \(target)"))
            #expect(desk.take() == expected)
        }
        #expect(desk.notebook.runEntry("repl.run('Test it') repl.run(1)"))
        #expect(desk.take() == "3\n1\n")
        _ = desk.takeNotes()
        #expect(!desk.notebook.runEntry("%run Trane it"))
        #expect(desk.takeNotes() == "error: no cell is titled 'Trane it'\nhint: did you mean 'Train it'?\n")
        #expect(!desk.notebook.runEntry("%run 9"))
        #expect(desk.takeNotes() == "error: there is no cell 9: the script has 3 code cells\n")
        #expect(!desk.notebook.runEntry("%runn 1"))
        #expect(desk.takeNotes().contains("there is no command %runn\nhint: did you mean '%run'?"))
    }

    @Test("a cell that fails inside repl.run fails the caller too")
    func nestedFailure() throws {
        let desk = try Desk(script: "-- %% Bad\nerror('deep')\n")
        desk.notebook.isQuiet = true
        #expect(!desk.notebook.runEntry("repl.run('Bad') print('not reached')"))
        #expect(desk.take() == "")
        #expect(desk.notes.contains("cell 1 \"Bad\" failed: deep"))
    }

    @Test("commands list cells, variables and help, and run again")
    func commands() throws {
        let desk = try Desk(script: "-- %% A\nlocal x = 1\n")
        desk.notebook.isQuiet = true
        desk.notebook.runEntry("%next")
        #expect(desk.shown("%cells") == "cell  state  time  title\n1  ok  0.0 s  A\n")
        desk.notebook.runEntry("%who")
        #expect(desk.take() == "name  type  value\nx  integer  1\n")
        desk.notebook.runEntry("print('again')")
        desk.notebook.runEntry("%rerun")
        #expect(desk.take() == "again\nagain\n")
        desk.notebook.runEntry("?repl.run")
        #expect(desk.take().hasPrefix("repl.run(what = nil)"))
        desk.notebook.runEntry("rlhf.params?")
        #expect(desk.take().hasPrefix("rlhf.params(defaults) -> table"))
        desk.notebook.runEntry("%help")
        #expect(desk.take().contains("%run N|1,3-5|TITLE|all|from A|until B"))
        desk.notebook.runEntry("%mem")
        #expect(desk.take().contains("Lua"))
        desk.notebook.runEntry("%quit")
        #expect(desk.notebook.wantsQuit)
    }

    @Test("%save writes what has run well as a script that is not overwritten")
    func save() throws {
        let desk = try Desk()
        let path = ScratchFolder.url.appending(path: "\(UUID().uuidString).lua").path
        desk.notebook.runEntry("x = 1")
        desk.notebook.runEntry("error('no')")
        desk.notebook.runEntry("print(x)")
        desk.notebook.runEntry("%save \(path)")
        #expect(try Script(contentsOf: path).cells.map(\.source) == ["x = 1", "print(x)"])
        #expect(!desk.notebook.runEntry("%save \(path)"))
    }

    @Test("%edit runs what the editor leaves, and edits a script's file at the cell's line")
    func edit() throws {
        let desk = try Desk()
        var commands: [String] = []
        desk.notebook.shell = { command in
            commands.append(command)
            let path = command.split(separator: "'").last.map(String.init) ?? ""
            try? "print('edited')\n".write(toFile: path, atomically: true, encoding: .utf8)
            return 0
        }
        desk.notebook.runEntry("1")
        desk.notebook.runEntry("%edit")
        #expect(desk.take() == "1\nedited\n")
        #expect(commands.count == 1 && commands[0].hasPrefix("${VISUAL:-${EDITOR:-vi}} '"))
    }

    @Test("%edit N is an entry where there is no script, In[N] always; what was edited can be recalled")
    func editEntries() throws {
        let desk = try Desk()
        var (opened, remembered): ([String], [String]) = ([], [])
        desk.notebook.shell = { command in
            let path = command.split(separator: "'").last.map(String.init) ?? ""
            opened.append((try? String(contentsOfFile: path, encoding: .utf8)) ?? "")
            try? "print('edited')\n".write(toFile: path, atomically: true, encoding: .utf8)
            return 0
        }
        desk.notebook.rememberEntry = { remembered.append($0) }
        desk.notebook.runEntry("a = 1")
        desk.notebook.runEntry("b = 2")
        #expect(desk.notebook.runEntry("%edit 1") && desk.notebook.runEntry("%edit In[2]"))
        #expect(opened == ["a = 1\n", "b = 2\n"])
        #expect(remembered == ["print('edited')", "print('edited')"])
        #expect(desk.shown("%edit 9").contains("there is no In[9]"))
        #expect(desk.shown("%edit Train").contains("script"))
        desk.notebook.open(Script(text: "-- %% One\nx = 1\n", path: "demo.ipynb"))
        desk.notebook.runEntry("%edit 1")
        #expect(opened.last == "x = 1\n")
    }

    @Test("rlhf.params gives defaults and what was set, and says what is unknown")
    func parameters() throws {
        let desk = try Desk(settings: ["steps=7"])
        desk.notebook.runEntry("local p = rlhf.params{steps = 40, rate = 0.5}\np.steps, p.rate")
        #expect(desk.take() == "7  0.5\n")
        let wrong = try Desk(settings: ["step=7"])
        wrong.notebook.runEntry("rlhf.params{steps = 40}")
        #expect(wrong.notes.contains("unknown parameter 'step'\nhint: did you mean 'steps'?"))
    }

    @Test("entries need more lines by Lua's judgement; commands never do")
    func incomplete() throws {
        let notebook = try Desk().notebook
        for text in ["for i = 1, 2 do", "f(", "x = [[", "function f()"] { #expect(notebook.isIncomplete(text)) }
        for text in ["x = 1", "1 +* 2", "%run (", "?f(", ";ls (", "end"] { #expect(!notebook.isIncomplete(text)) }
    }

    @Test("completion knows commands, globals and fields")
    func completion() throws {
        let desk = try Desk()
        #expect(desk.notebook.completions(for: "%re") == ["rerun", "reload", "reset"])
        #expect(desk.notebook.completions(for: "x = string.form").contains("string.format"))
        #expect(desk.notebook.completions(for: "repl.ce") == ["repl.cells"])
    }

    @Test("the transcript holds cells, output and errors, and runs again")
    func transcript() throws {
        let folder = ScratchFolder.url.appending(path: UUID().uuidString)
        let desk = try Desk(script: "-- %% One\nprint('a\\nb')\n")
        let transcript = Transcript(folder: folder)
        desk.notebook.transcript = transcript
        _ = try desk.notebook.runCells([1])
        desk.notebook.runEntry("error('bad')")
        let text = try String(contentsOf: transcript.file, encoding: .utf8)
        #expect(text.hasPrefix("-- %% One\nprint('a\\nb')\n--out| a\n--out| b\n--: ok, "))
        #expect(text.contains("-- %% In[2]\nerror('bad')\n--error| "))
        #expect(Script(text: text).codeCells.count == 2)
    }

    @Test("a transcript that cannot be written is reported once")
    func transcriptFailure() throws {
        let desk = try Desk()
        desk.notebook.transcript = Transcript(folder: URL(filePath: "/dev/null/nowhere"))
        desk.notebook.runEntry("1")
        desk.notebook.runEntry("2")
        #expect(desk.notes.components(separatedBy: "warning: no transcript").count == 2)
        #expect(desk.output == "1\n2\n")
    }
}

struct StepperTests {
    @Test(
        "answers are words or their beginnings",
        arguments: [
            ("", .run), ("r", .run), ("Skip", .skip), ("e", .edit), ("ins", .inspect), ("q", .quit), ("x", nil),
        ]
            as [(String, Stepper.Choice?)])
    func answers(text: String, expected: Stepper.Choice?) {
        #expect(Stepper.choice(text) == expected)
    }

    @Test("a failed cell is offered again, and the end of input quits")
    func failed() throws {
        let desk = try Desk(script: "-- %% A\nassert(ready)\n-- %% B\nprint('B')\n")
        var answers = ["r", "i", "ready = true", "", "r", "r"][...]
        let failed = try Stepper(notebook: desk.notebook) { _ in answers.popFirst() }.run([1, 2])
        #expect(failed?.ending == nil)
        #expect(desk.take().hasSuffix("B\n"))
        let other = try Desk(script: "-- %% A\nerror('x')\n")
        var once = ["r"][...]
        #expect(try Stepper(notebook: other.notebook) { _ in once.popFirst() }.run([1])?.ending == .error)
    }
}

struct KeyRedactionTests {
    @Test("A literal key is left out of what is kept, in a way that still runs")
    func literalKeys() {
        let source = "rlhf.ServiceClient{base_url = 'x', api_key = 'tml-secret'}\nlocal t = {api_key=\"sk-1\", b = api_key}"
        #expect(
            KeyRedaction.redacted(source)
                == "rlhf.ServiceClient{base_url = 'x', api_key = nil --[[left out]]}\nlocal t = {api_key=nil --[[left out]], b = api_key}"
        )
    }
}

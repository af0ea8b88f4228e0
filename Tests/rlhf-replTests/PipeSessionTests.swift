import Foundation
import TestSupport
import Testing

/// The built program without a terminal.
@Suite(.serialized) struct PipeSessionTests {
    private let folder: URL

    init() throws {
        folder = ScratchFolder.url.appending(path: "pipe-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func run(_ arguments: [String], input: String = "") throws -> BuiltProgram.Result {
        try BuiltProgram.run(
            "rlhf-repl", arguments, input: input, environment: ["XDG_STATE_HOME": folder.path, "HOME": folder.path])
    }

    private func script(_ text: String) throws -> String {
        let file = folder.appending(path: "script.lua")
        try Data(text.utf8).write(to: file)
        return file.path
    }

    @Test("entries from a pipe run without prompts, colours or bars, and only what cells print is on standard output")
    func pipe() throws {
        let result = try run([], input: "1 + 1\nfor i = 1, 2 do\nprint(i)\nend\nx = 5;\n%who\n")
        #expect(result.output == "2\n1\n2\nname  type     value\n────  ───────  ─────\nx     integer      5\n")
        #expect(result.error.hasPrefix("rlhf-repl 0.1.0"))
        #expect(!result.error.contains("\u{1B}"))
        #expect(result.status == 0)
    }

    @Test("an entry that fails shows its error, the next ones run, and the status is 1")
    func failingEntry() throws {
        let result = try run(["--quiet"], input: "error('bad')\nprint('next')\n")
        #expect(result.output == "next\n")
        #expect(result.error.contains("error in In[1], line 1\n→ 1 │ error('bad')\n    │ ^^^^^^^^^^^^\nbad\n"))
        #expect(result.status == 1)
    }

    @Test("a script ends at its first failing cell, names it with its line and leaves status 1")
    func failingScript() throws {
        let path = try script(
            "-- %% Works\nlocal t = {}\n\n-- %% Breaks\nlocal a = 1\nlocal b = t.x.y\nlocal c\n\n-- %% Never\nprint('no')\n"
        )
        let result = try run([path])
        #expect(result.status == 1)
        #expect(result.output.isEmpty)
        #expect(
            result.error.contains(
                """
                error in cell 2 "Breaks", \(path):6
                  5 │ local a = 1
                → 6 │ local b = t.x.y
                    │           ^^^
                  7 │ local c
                """))
    }

    @Test("-e prints the values of a chunk")
    func chunk() throws {
        let result = try run(["-e", "1 + 1, 'two'"])
        #expect(result.output == "2  \"two\"\n")
        #expect(result.error.isEmpty)
        #expect(result.status == 0)
        #expect(try run(["-e", "error('x')"]).status == 1)
    }

    @Test("--set overrides parameters by the default's type, and an unknown or wrong one is an error")
    func settings() throws {
        let path = try script(
            "-- %% Parameters\nlocal p = rlhf.params{max_steps = 40, name = 'n'}\nprint(p.max_steps + 1, p.name)\n")
        #expect(try run(["--set", "max_steps=4", "--set", "name=7", path]).output == "5\t7\n")
        let unknown = try run(["--set", "max_step=4", path])
        #expect(unknown.status == 1)
        #expect(unknown.error.contains("unknown parameter 'max_step'\nhint: did you mean 'max_steps'?"))
        #expect(try run(["--set", "max_steps=many", path]).error.contains("max_steps is a whole number"))
        let without = try script("-- %% None\nprint(1)\n")
        let undeclared = try run(["--set", "a=1", without])
        #expect(undeclared.status == 1)
        #expect(undeclared.error.contains("the script declares no parameters"))
    }

    @Test("--cells runs the chosen cells only")
    func selection() throws {
        let path = try script("-- %% A\nprint('A')\n-- %% B\nprint('B')\n-- %% C\nprint('C')\n-- %% D\nprint('D')\n")
        #expect(try run(["--cells", "1,3-", path]).output == "A\nC\nD\n")
        let beyond = try run(["--cells", "9", path])
        #expect(beyond.status == 1)
        #expect(beyond.error.contains("there is no cell 9: the script has 4 code cells"))
    }

    @Test("options may follow the script; its own arguments are in the table arg, after -- dashes included")
    func arguments() throws {
        let path = try script("print(arg.script == '\(folder.path)/script.lua', #arg, arg[1], arg[2])\n")
        #expect(try run([path, "one", "--quiet", "--", "--model"]).output == "true\t2\tone\t--model\n")
    }

    @Test("a missing script and a remote service are clear errors")
    func clearErrors() throws {
        let missing = try run(["/nowhere.lua"])
        #expect(missing.status == 1)
        #expect(missing.error.contains("there is no script '/nowhere.lua'"))
        let remote = try run(["--base-url", "http://127.0.0.1:1"])
        #expect(remote.status == 1)
        #expect(remote.error.contains("error: network: 127.0.0.1:1: get_server_capabilities: no connection"))
        let name = try run(["--base-url", "http://me:password@host"])
        #expect(name.status == 1 && name.error.contains("is no address of a service") && !name.error.contains("password"))
    }

    @Test("every session leaves a transcript that is a script itself")
    func transcript() throws {
        _ = try run(["--log-dir", folder.path], input: "x = 1 + 1\nprint('x', x)\n")
        let transcripts = folder.appending(path: "transcripts")
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: transcripts.path).first)
        let again = try run([transcripts.appending(path: name).path])
        #expect(again.output == "x\t2\n")
        #expect(again.status == 0)
    }

    @Test("--sandbox takes files, processes and the shell away")
    func sandbox() throws {
        let result = try run(["--sandbox"], input: "io.open == nil or not pcall(io.open, '/etc/passwd')\n;echo shell\n")
        #expect(!result.output.contains("shell"))
        #expect(result.status == 1)
    }
}

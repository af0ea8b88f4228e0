import Foundation
import TestSupport
import Testing

/// `rlhf-repl docs` and `rlhf-repl send`, as they are run.
struct DocsCommandTests {
    private let folder = ScratchFolder.url.appending(path: "docs-\(UUID().uuidString)")

    private func run(_ arguments: [String]) throws -> BuiltProgram.Result {
        try BuiltProgram.run("rlhf-repl", arguments, input: "", environment: ["XDG_STATE_HOME": folder.path, "HOME": folder.path])
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    @Test("docs writes stubs, lint settings, the reference, completions and the manual page, without a model")
    func docs() throws {
        let result = try run(["docs", folder.path])
        #expect(result.status == 0)
        #expect(result.output.split(separator: "\n").count == 9)
        #expect(try text("rlhf.d.lua").contains("function repl.run("))
        #expect(try text("api.html").contains("<h2 id=\"rlhf-rl\">rlhf.rl</h2>"))
        let page = try text("rlhf-repl.1")
        for part in [".SH NAME", "\\fB\\-\\-base\\-url\\fR", ".SS rlhf\\-repl send", ".SS rlhf\\-repl bench"] {
            #expect(page.contains(part), "\(part)")
        }
        let completions = try text("completions/rlhf-repl.bash")
        for word in ["bench", "serve", "docs", "send", "--base-url", "--api-key-file"] { #expect(completions.contains(word)) }
    }

    @Test("subcommands are shown with the program's name in front, and only the parts that were asked for are written")
    func usage() throws {
        for word in ["pipeline", "models", "runs", "bench", "serve", "docs", "send", "kernel"] {
            #expect(try run([word, "--help"]).output.contains("USAGE: rlhf-repl \(word)"))
        }
        #expect(try run(["docs", "--only", "man", folder.path]).output.hasSuffix("rlhf-repl.1\n"))
    }

    @Test("bash completes subcommands, their options and files, and the session's own options")
    func completions() throws {
        _ = try run(["docs", "--only", "completions", folder.path])
        func completed(_ words: [String]) throws -> Set<Substring> {
            let list = words.map { "'\($0)'" }.joined(separator: " ")
            let code = """
                source '\(folder.path)/completions/rlhf-repl.bash'
                cd '\(folder.path)'; COMP_WORDS=(\(list)); COMP_CWORD=\(words.count - 1); COMPREPLY=()
                COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
                _rlhf-repl rlhf-repl '\(words[words.count - 1])' '\(words[words.count - 2])'; printf '%s\\n' "${COMPREPLY[@]}"
                """
            let process = Process()
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["--norc", "-c", code]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return Set(String(decoding: data, as: UTF8.self).split(separator: "\n"))
        }
        #expect(try completed(["rlhf-repl", "se"]) == ["serve", "send"])
        #expect(try completed(["rlhf-repl", "comp"]) == ["completions"])
        #expect(try completed(["rlhf-repl", "send", "--"]).isSuperset(of: ["--socket", "--line", "--no-wait"]))
        #expect(try completed(["rlhf-repl", "serve", "--api"]) == ["--api-key-file"])
        #expect(try completed(["rlhf-repl", "--base"]) == ["--base-url"])
        #expect(try completed(["rlhf-repl", "docs", "--only", "lu"]) == ["luals", "luacheck"])
    }

    @Test("send says how a session is made to listen when none does")
    func nobody() throws {
        let script = folder.appending(path: "cell.lua")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("1\n".utf8).write(to: script)
        let result = try run(["send", "--socket", folder.path + "/none.sock", script.path])
        #expect(result.status == 1)
        #expect(result.error.contains("no session listens at"))
        #expect(result.error.contains("repl.attach()"))
    }
}

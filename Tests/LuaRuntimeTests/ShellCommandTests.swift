import Foundation
import LuaRuntime
import Testing

/// Commands of the shell that Lua starts. What is expected is what Lua's own functions do.
struct ShellCommandTests {
    @Test(
        "io.popen reads from a command, writes to one, and tells how it has ended",
        arguments: [
            ("p = io.popen('echo a; echo b; exit 3') return p:read('l'), p:read('a'), p:close()", "a|b\n|nil|exit|3"),
            ("t = {} for line in io.popen('seq 3'):lines('n') do t[#t + 1] = line end return table.concat(t, ' ')", "1 2 3"),
            ("return io.popen('kill -9 $$'):close()", "nil|signal|9"),
            ("p = io.popen('exit 1', 'w') return io.type(p), p:close(), io.type(p)", "file|nil|closed file"),
            ("return io.popen('no-such-command 2>/dev/null'):close()", "nil|exit|127"),
            ("return select(2, pcall(io.popen, 'true', 'rw')):match('invalid mode')", "invalid mode"),
            ("p = io.popen('true') p:close() return pcall(p.read, p)", "false|attempt to use a closed file"),
        ])
    func popen(source: String, expected: String) throws {
        let packed =
            "local t = table.pack((function() \(source) end)()) for i = 1, t.n do t[i] = tostring(t[i]) end\ntable.concat(t, '|')"
        #expect(try makeState().run(packed).first?.string == expected)
    }

    @Test("a command gets what has been written before it ends, and its files are no other command's")
    func writing() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        // The second cat would keep the first one's input open if it had it.
        let source =
            "a, b = io.popen('cat > \(file)', 'w'), io.popen('cat', 'w') a:write('text') a:close() b:close()\nio.open('\(file)'):read('a')"
        #expect(try makeState().shown(source).contains("text"))
    }
}

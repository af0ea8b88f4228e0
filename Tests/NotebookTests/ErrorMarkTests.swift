import Notebook
import Testing

struct ErrorMarkTests {
    @Test(
        "carets stand under the expression that the message is about",
        arguments: [
            ("x = t.a.b", "    ^"), ("local s = 'a' .. f.g .. 1", "                 ^"),
            ("x = 1 + nothing", "        ^^^^^^^"), ("x = = 3", "    ^"), ("f(", "  ^"),
            ("string.rep({}, 3)", "           ^^"), ("g = string.fromat('x')", "    ^^^^^^^^^^^^^"),
            ("local s = '语'; s.x.y = 1", "                ^^^"),
            ("for i = 1, 2 do assert(false, 'no') end", "                ^^^^^^^^^^^^^^^^^^^"),
            ("x = {} < {}", "^^^^^^^^^^^"), ("t = {}; t.a()", "        ^^^"), ("('x'):foo()", "      ^^^"),
            ("t = {}; y = t['k'].z", "            ^^^^^^"),
            ("error(\"f: unknown option 'bat'\") x = {bat = 1}", "                                      ^^^"),
            ("t = {}; y = 1 + t[1] * t[9].z", "                       ^^^^"),
        ])
    func carets(source: String, expected: String) throws {
        let desk = try Desk()
        desk.notebook.view.width = { $0.unicodeScalars.reduce(0) { $0 + ($1.value > 0x2E80 ? 2 : 1) } }
        let lines = desk.shown(source).split(separator: "\n").map(String.init)
        #expect(lines.count > 2 && lines[2] == "    │ " + expected, "\(lines)")
    }

    @Test("of a line that is wider than the terminal the part with the carets is shown")
    func longLine() throws {
        let desk = try Desk()
        desk.notebook.view.columns = { 30 }
        let start = desk.shown("y = nothing + 1 local many_words, come_here").split(separator: "\n")
        #expect(start[1...2] == ["→ 1 │ y = nothing + 1 local m…", "    │     ^^^^^^^"])
        let end = desk.shown("local many_words, come_here; y = nothing + 1").split(separator: "\n")
        #expect(end[1...2] == ["→ 1 │ …_here; y = nothing + 1", "    │             ^^^^^^^"])
    }
}

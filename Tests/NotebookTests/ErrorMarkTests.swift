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
        ])
    func carets(source: String, expected: String) throws {
        let desk = try Desk()
        desk.notebook.view.width = { $0.unicodeScalars.reduce(0) { $0 + ($1.value > 0x2E80 ? 2 : 1) } }
        let lines = desk.shown(source).split(separator: "\n").map(String.init)
        #expect(lines.count > 2 && lines[2] == "    │ " + expected, "\(lines)")
    }
}

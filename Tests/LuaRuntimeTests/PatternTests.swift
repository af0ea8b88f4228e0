import LuaRuntime
import Testing

/// The pattern functions are the bridge's own; what they shall give was printed by Lua 5.4.4's.
@Suite struct PatternTests {
    private static let show = """
        function show(...)
            local r = {}
            for i = 1, select("#", ...) do
                local v = select(i, ...)
                r[i] = tostring(type(v) == "table" and v.message or v)
            end
            return (table.concat(r, "|"):gsub("%z", "0"))
        end
        """

    @Test(
        "Patterns give what Lua's own give",
        arguments: [
            (##"string.find("hello world", "o w")"##, ##"5|7"##),
            (##"string.find("hello world", "l+")"##, ##"3|4"##),
            (##"string.find("a.b", ".", 1, true)"##, ##"2|2"##),
            (##"string.find("abc", "b", -1)"##, ##"nil"##),
            (##"string.find("abc", "", 10)"##, ##"nil"##),
            (##"string.find("abc", "", 4)"##, ##"4|3"##),
            (##"string.find("a\0b", "\0")"##, ##"2|2"##),
            (##"string.match("key = value", "^(%w+)%s*=%s*(%w+)$")"##, ##"key|value"##),
            (##"string.match("2024-01-31", "(%d+)-(%d+)-(%d+)")"##, ##"2024|01|31"##),
            (##"string.match("  trim  ", "^%s*(.-)%s*$")"##, ##"trim"##),
            (##"string.match("hello", "()ll()")"##, ##"3|5"##),
            (##"string.match("[[x]]", "%[(%b[])%]")"##, ##"[x]"##),
            (##"string.match("THE (quick) fox", "%((%a+)%)")"##, ##"quick"##),
            (##"string.match("x = 'a\\'b'", "(['\"])(.-)%1")"##, ##"'|a\"##),
            (##"string.gsub("THE (quick) fox", "%f[%a]%a+", "<%0>")"##, ##"<THE> (<quick>) <fox>|3"##),
            (##"string.gsub("hello world", "(%w+) (%w+)", "%2 %1")"##, ##"world hello|1"##),
            (##"string.gsub("abc", "", "-")"##, ##"-a-b-c-|4"##),
            (##"string.gsub("abc", "%w", "%%%0")"##, ##"%a%b%c|3"##),
            (##"string.gsub("hello", "l", {l = "L"})"##, ##"heLLo|2"##),
            (##"string.gsub("hello", "l", {l = false})"##, ##"hello|2"##),
            (##"string.gsub("hello", "", "x", 2)"##, ##"xhxello|2"##),
            (##"string.gsub("abc def", "%a+", function(w) return #w end)"##, ##"3 3|2"##),
            (##"string.gsub("aaa", "^a", "b")"##, ##"baa|1"##),
            (##"string.gsub("a b c", "()", "%1")"##, ##"1a2 3b4 5c6|6"##),
            (##"string.match("]-^", "[]^-]+")"##, ##"]-^"##),
            (##"string.match("a-z", "[a%-z]+")"##, ##"a-z"##),
            (##"string.match("\xe4\xf6", "[\x80-\xff]+") == "\xe4\xf6""##, ##"true"##),
            (
                ##"(function() local t = {} for k, v in string.gmatch("a=1, b=2", "(%w+)=(%w+)") do t[#t + 1] = k .. v end return table.concat(t, ";") end)()"##,
                ##"a1;b2"##
            ),
            (
                ##"(function() local t = {} for w in string.gmatch("one two", "%a*") do t[#t + 1] = "<" .. w .. ">" end return table.concat(t) end)()"##,
                ##"<one><two>"##
            ),
            (
                ##"(function() local t = {} for p in string.gmatch("abc", "()", 2) do t[#t + 1] = p end return table.concat(t, ",") end)()"##,
                ##"2,3,4"##
            ),
            (##"pcall(string.find, "a", "[a")"##, ##"false|malformed pattern (missing ']')"##),
            (##"pcall(string.find, "a", "%")"##, ##"false|malformed pattern (ends with '%')"##),
            (##"pcall(string.find, "a", "(a")"##, ##"false|unfinished capture"##),
            (##"pcall(string.find, "a", "a)")"##, ##"true|nil"##),
            (##"pcall(string.find, "a", "%f")"##, ##"false|missing '[' after '%f' in pattern"##),
            (##"pcall(string.find, ("x"):rep(300), ("x?"):rep(300))"##, ##"false|pattern too complex"##),
            (##"pcall(string.gsub, "a", "a", "%2")"##, ##"false|invalid capture index %2"##),
            (##"pcall(string.gsub, "a", "a", "%x")"##, ##"false|invalid use of '%' in replacement string"##),
            (##"pcall(string.gsub, "a", "a", function() return {} end)"##, ##"false|invalid replacement value (a table)"##),
        ])
    func agrees(expression: String, expected: String) throws {
        let state = try makeState()
        #expect(state.evaluate(Self.show, cellName: "show").error == nil)
        let outcome = state.evaluate("show(\(expression))", cellName: "cell[1]")
        #expect(outcome.error == nil)
        #expect(outcome.values.first?.string == expected)
    }

    @Test("A malformed pattern is an error even where nothing is looked at")
    func malformed() throws {
        let outcome = try makeState().evaluate("(''):find('x[a')", cellName: "cell[1]")
        #expect(outcome.error?.message == "malformed pattern (missing ']')")
    }
}

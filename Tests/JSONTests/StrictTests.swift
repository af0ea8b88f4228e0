import JSON
import Testing

/// The classes of Nicolas Seriot's JSONTestSuite ("Parsing JSON is a Minefield"), in texts of our own: what every reader takes, and
/// what none may.
@Suite("Strict JSON")
struct StrictTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test(
        "what RFC 8259 allows is read",
        arguments: [
            // Structures and white space
            "[]", "{}", " [] ", "[\t1 ,\r\n 2 ]\n", "[[]   ]", "[null]", "[1,null,null,2]", "[true,false,{}]", "null", "true", "\"\"",
            "42", "-0.1", "{\"\":0}", "{\"a\":[]}", "{\"a\":{\"b\":{}},\"c\":1}", "{\"a\":1,\"a\":1}", "{\"x\\u0000y\":1}",
            // Numbers
            "[0]", "[-0]", "[-0.0]", "[123]", "[0e1]", "[0e+1]", "[1E22]", "[1E-2]", "[1e+2]", "[123e65]", "[123.456e78]",
            "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]", "[1e400]", "[-1e-400]",
            "[123456789012345678901234567890]",
            // Strings
            "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\u0060\\u012a\\u12AB\"]", "[\"\\uD801\\udc37\"]",
            "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]",
            "[\"\\\\u0000\"]", "[\"\\uFFFF\\u0000\"]", "[\"a/*b*/c/*d//e\"]", "[\"\u{7f}\"]", "[\"\u{2028}\u{2029}\"]",
            "[\"é😀\u{10ffff}\"]",
        ])
    func accepted(text: String) throws {
        let value = try parse(text)
        // What is written reads as the same.
        #expect(try parse(value.text) == value)
    }

    @Test(
        "what RFC 8259 forbids is refused",
        arguments: [
            // Structures
            "", " ", "[", "]", "{", "}", "[1", "[1,", "[,1]", "[1,,2]", "[1,]", "[1 2]", "[1:2]", "[\"a\",4,", "[[]", "[]]", "[1]x",
            "[1]]", "{]", "[}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{\"a\":1,,\"b\":2}", "{,\"a\":1}", "{\"a\" 1}",
            "{\"a\",1}",
            "{\"a\"::1}", "{:1}", "{1:1}", "{a:1}", "{'a':1}", "{null:1}", "{\"a\":1 \"b\":2}", "{\"a\":1}#", "{\"a\":1}/**/", "[1]//",
            "{}{}", "[\"a\"\"b\"]", "<.>", "*", "[\u{a0}1]", "[\u{c}1]", "[\u{feff}]", "\u{feff}{}", "[\u{2060}]", "{\"a\":1}\u{0}",
            // Words
            "nul", "[nulll]", "[tru]", "[True]", "[fals", "[NaN]", "[-NaN]", "[Infinity]", "[-Infinity]", "[Inf]", "NaN", "[1,NaN]",
            "[undefined]",
            // Numbers
            "[+1]", "[01]", "[-01]", "[-012]", "[00.0]", "[-00e0]", "[1.]", "[.5]", "[-.5]", "[-]", "[--1]", "[- 1]", "[1.e1]", "[1e]",
            "[1e+]",
            "[1e-]", "[1eE2]", "[0.e1]", "[1.2.3]", "[1e1.5]", "[0x1F]", "[1 000]", "[1_000]", "[1,5e]", "[-1x]", "[1ea]", "[１]",
            "[++1]",
            // Strings
            "[\"a]", "\"", "[\"\\\"]", "[\"\\x00\"]", "[\"\\a\"]", "[\"\\'\"]", "[\"\\0\"]", "[\"\\U0041\"]", "[\"\\u\"]",
            "[\"\\u00A\"]",
            "[\"\\u00g1\"]", "[\"\\u 123\"]", "[\"\\u-123\"]", "[\"\\ud800\"]", "[\"\\udc00\"]", "[\"\\ud800\\\"]", "[\"\\ud800\\u\"]",
            "[\"\\ud800\\u0041\"]", "[\"\\ud800\\ud800\"]", "[\"new\nline\"]", "[\"\t\"]", "[\"\u{0}\"]", "['a']", "[a]", "[\\u0061]",
            "[\"\\😀\"]", "{\"\\x\":1}",
        ])
    func refused(text: String) {
        #expect(throws: JSONError.self, "\(text)") { try parse(text) }
    }

    @Test(
        "bytes that are no UTF-8 are refused wherever they stand",
        arguments: [
            [0xff], [0xe5], [0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0xbf, 0xbf, 0xbf], [0xf8, 0x88, 0x80, 0x80, 0x80],
            [0xe2, 0x82],
        ] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(throws: JSONError(offset: 0, line: 1, expected: "UTF-8")) { try JSONValue(parsing: [quote] + bytes + [quote]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [quote, UInt8(ascii: "\\")] + bytes + [quote]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x5b] + bytes + [0x5d]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x7b, quote] + bytes + Array("\":1}".utf8)) }
    }

    @Test(
        "errors name byte, line and what should be there",
        arguments: [
            ("{", 1, 1, "a key"), ("{\"a\":\n 1,\n}", 10, 3, "a key"), ("[1,\n\n\"\\ud800\"]", 8, 3, "a whole surrogate pair"),
            ("[\"\\u12\"]", 4, 1, "four hexadecimal digits"), ("[\"\\q\"]", 3, 1, "one of \"\\/bfnrtu"), ("[1]\n2", 4, 2, "the end"),
            ("[\"a\nb\"]", 3, 1, "no control character"), ("\"a", 2, 1, "'\"'"), ("[1\n2]", 3, 2, "',' or ']'"),
            ("[NaN]", 1, 1, "a value"),
        ])
    func places(text: String, offset: Int, line: Int, expected: String) {
        #expect(throws: JSONError(offset: offset, line: line, expected: expected)) { try parse(text) }
    }

    @Test("nesting is read as deep as is allowed, and no deeper")
    func depth() throws {
        func nested(_ levels: Int) -> [UInt8] {
            Array((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8)
        }
        #expect(try JSONValue(parsing: nested(512)).text.utf8.count == 1024)
        #expect(throws: JSONError(offset: 512, line: 1, expected: "at most 512 levels")) { try JSONValue(parsing: nested(513)) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(5), depth: 4) }
        let endless = Array(String(repeating: "[{\"\":", count: 100_000).utf8)
        #expect(throws: JSONError.self) { try JSONValue(parsing: endless) }
    }

    @Test("thousands of damaged texts are refused or read, and what is read comes back from what is written")
    func mutations() throws {
        let text = Array(#"{"a":[1,-2.5e3,null,[]],"b\u00e9":{"c":"x\\y\"é","d":[true,"",{"e":false}]},"f":0}"#.utf8)
        var (read, refused) = (0, 0)
        for place in text.indices {
            for byte in [0, 0x20, 0x22, 0x2c, 0x30, 0x5b, 0x5c, 0x5d, 0x65, 0x7d, 0xff] as [UInt8] {
                var damaged = text
                damaged[place] = byte
                guard let value = try? JSONValue(parsing: damaged) else {
                    refused += 1
                    continue
                }
                #expect(try JSONValue(parsing: Array(value.text.utf8)) == value)
                read += 1
            }
            #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text[..<place])) }
        }
        #expect(read > 100 && refused > 500)
    }
}

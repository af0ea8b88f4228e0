import JSON
import Testing

@Suite("JSON trees")
struct ValueTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test("a document is written with its keys in order and its numbers as they were spelt")
    func spelling() throws {
        let text = #"{"z":1.0,"a":[1e400,-0,0.10,123456789012345678901234567890,null],"m":{"y":[],"b":{}},"a":"é\n\u0001\"\\"}"#
        #expect(try parse(text).text == text)
        #expect(try parse(" [ 1 , [ 2.50 , null ] , \"\\u00e9\\/\" ] ").text == #"[1,[2.50,null],"é/"]"#)
    }

    @Test("of equal keys the last one counts; null and what is not there are nothing")
    func members() throws {
        let value = try parse(#"{"a": 1, "b": null, "\u0061": "x"}"#)
        #expect(value["a"] == "x" && value["b"] == nil && value["c"] == nil && value["a"]?["b"] == nil)
        #expect(value.object == ["a": "x", "b": .null])
        #expect(try parse("[1]").object == nil && parse("{}").array == nil && parse("1").string == nil)
    }

    @Test("numbers are integers, indices and floats by their value and spelling")
    func numbers() throws {
        let numbers = try #require(try parse("[7, 7.0, -7, 7e2, 0.5, 9223372036854775807, 9223372036854775808, 1e400]").array)
        #expect(numbers.map { $0.number?.index } == [7, nil, nil, nil, nil, .max, nil, nil])
        #expect(numbers.map { $0.number?.integer } == [7, 7, -7, 700, nil, .max, nil, nil])
        #expect(numbers.map { $0.number?.double } == [7, 7, -7, 700, 0.5, 0x1p63, 0x1p63, .infinity])
    }

    @Test("numbers are equal by value, and large integers are not confused")
    func equality() throws {
        #expect(try parse("[1, 1e-4, 100]") == parse("[1.0, 0.0001, 1e2]"))
        #expect(try parse("9007199254740993") != parse("9007199254740992"))
        #expect(JSONValue.number(0.5) == .number(.init(0.5)) && JSONValue.number(3) == .number(3.0))
        #expect(try parse("\"1\"") != parse("1"))
        #expect(JSONValue.number(.init(-1.5)).text == "-1.5")
    }

    @Test("every kind has a name")
    func kinds() throws {
        let kinds = try #require(try parse(#"[null, true, 1, "", [1], {}]"#).array).map(\.kindInWords)
        #expect(kinds == ["null", "a truth value", "a number", "a text", "a list", "an object"])
    }
}

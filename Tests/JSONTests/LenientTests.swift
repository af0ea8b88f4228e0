import JSON
import Testing

@Suite("Lenient JSON")
struct LenientTests {
    private func document(_ text: String) throws -> JSONDocument {
        try JSONDocument(Array(text.utf8), mode: .lenient, depth: 8)
    }

    @Test("NaN and infinities are numbers, as Python writes them, and are written so again")
    func words() throws {
        let text = "[NaN,-Infinity,Infinity,null,1]"
        let document = try document(text)
        let floats = try document.floats(0, limit: 5)
        #expect(floats[0].isNaN && floats[1] == -.infinity && floats[2] == .infinity && floats[3].isNaN && floats[4] == 1)
        #expect(JSONValue(document, 0).text == text)
        #expect(JSONValue.number(.init(-Double.infinity)).text == "-Infinity")
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test("strings are checked when they are read, and not before")
    func strings() throws {
        let document = try document(#"{"a": "\q", "b": "\ud800", "c": "x\ty"}"#)
        let members = try ["a", "b", "c"].map { try #require(document.member($0, of: 0)) }
        #expect(members.map { document.string($0) } == [nil, nil, "x\ty"])
    }

    @Test("lists of numbers are read as a whole, and say what else they hold")
    func lists() throws {
        let list = try document("[1, 2.0, 3e2, null]")
        #expect(list.kind(0) == .numbers)
        #expect(try list.optionalFloats(0, limit: 4) == [1, 2, 300, nil])
        func failure(_ text: String, limit: Int = 9) throws -> JSONListError? {
            let document = try document(text)
            do throws(JSONListError) {
                _ = try document.integers(0, limit: limit)
                return nil
            } catch { return error }
        }
        #expect(try failure("[1, 2]") == nil)
        #expect(try failure("[1, 0.5]") == .element(place: 1, found: "0.5"))
        #expect(try failure("[null, null]") == .element(place: 0, found: "null"))
        #expect(try failure("[1, \"2\"]") == .notNumbers)
        #expect(try failure("{}") == .notNumbers)
        #expect(try failure("[1, 2, 3]", limit: 2) == .tooLong)
    }
}

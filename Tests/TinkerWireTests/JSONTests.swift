import Tensors
import Testing
import TinkerWire

@Suite("JSON")
struct JSONTests {
    private func node(_ text: String) throws -> JSONNode { try JSONNode(parsing: Array(text.utf8), limits: WireLimits()) }

    @Test("float32 numbers come back with the same bits, however they are spelled")
    func floats() throws {
        var random = SeededRandom(3)
        var values: [Float] = [0, -0.0, 1, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, 0.1, 16_777_216]
        values += (0..<20000).map { _ in Float(bitPattern: UInt32(random.uniform() * 0x1p32)) }.filter(\.isFinite)
        values += (0..<20000).map { _ in Float(-random.uniform() * 12) }
        let tensor = try Wire.TensorData(.float32(values))
        let back = try Wire.TensorData(jsonBody: tensor.jsonBody())
        let read = back.tensor().floats
        #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
        // As Python prints them: float32 widened to float64.
        let wide = try node("[" + values.map { Double($0).description }.joined(separator: ",") + "]").floats()
        #expect(wide.map(\.bitPattern) == values.map(\.bitPattern))
    }

    @Test("decimal texts round like the standard library's, near ties too")
    func rounding() throws {
        var random = SeededRandom(5)
        var texts = ["1.00000005960464477539", "1.000000059604644775390625", "1.00000005960464477540", "9007199254740993", "1e400"]
        texts += ["4.9e-324", "0.000000000000000000000000000000000000000000001", "123456789012345678901234567890", "1E+2", "-0.0e-7"]
        for _ in 0..<20000 {
            // The middle between two neighbouring float32 numbers, and just beside it.
            let value = Float(0.001 + random.uniform() * 1000)
            let middle = (Double(value) + Double(value.nextUp)) / 2
            texts += [middle.description, middle.nextUp.description, middle.nextDown.description]
            texts.append("\(Int(random.uniform() * 1e15))e\(Int(random.uniform() * 60) - 40)")
        }
        let read = try node("[" + texts.joined(separator: ",") + "]")
        let doubles = texts.map { Double($0) ?? .nan }
        #expect(try read.doubles().map(\.bitPattern) == doubles.map(\.bitPattern))
        #expect(try read.floats().map(\.bitPattern) == doubles.map { Float($0).bitPattern })
    }

    @Test("integers keep all 64 bits; whole numbers with a fraction or exponent are integers")
    func integers() throws {
        let text = "[9223372036854775807, -9223372036854775808, 9007199254740993, 0, -0, 3.0, 2e3, 4503599627370497]"
        #expect(
            try node(text).integers() == [.max, .min, 9_007_199_254_740_993, 0, 0, 3, 2000, 4_503_599_627_370_497])
        for wrong in ["[9223372036854775808]", "[0.5]", "[1e30]", "[NaN]", "[null, 1]", "[\"1\"]", "[true]"] {
            #expect(throws: WireError.self, "\(wrong)") { try node(wrong).integers() }
        }
    }

    @Test("NaN and infinities are read and written as Python does; null among numbers is NaN or nothing")
    func notFinite() throws {
        let values = try node("[NaN, -Infinity, Infinity, null, 1]").floats()
        #expect(values[0].isNaN && values[3].isNaN)
        #expect(values[1] == -.infinity && values[2] == .infinity && values[4] == 1)
        #expect(try node("[null, -1.5, null]").optionalFloats() == [nil, -1.5, nil])
        #expect(try node("[null, null]").optionalFloats() == [nil, nil])
        #expect(try node("[]").optionalFloats() == [])
        let tensor = try Wire.TensorData(.float32([.nan, .infinity, -.infinity]))
        #expect(
            String(decoding: tensor.jsonBody(), as: UTF8.self) == #"{"data":[NaN,Infinity,-Infinity],"dtype":"float32","shape":[3]}"#)
    }

    @Test("strings with every escape read, and come back")
    func strings() throws {
        let text = #""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀 end""#
        let expected = "a\"\\/\u{8}\u{c}\n\r\té😀é😀 end"
        #expect(try node(text).string() == expected)
        let request = Wire.ClientConfigRequest(sdkVersion: expected)
        #expect(try Wire.ClientConfigRequest(jsonBody: request.jsonBody()) == request)
        for wrong in [#""\ud83d""#, #""\ude00""#, #""\u12g4""#, #""\x""#] {
            #expect(throws: WireError.self, "\(wrong)") { try node(wrong).string() }
        }
    }

    @Test(
        "what is no JSON is refused with its place",
        arguments: [
            ("", 0), ("{", 1), ("[1,]", 3), ("[1 2]", 3), ("{\"a\" 1}", 5), ("{\"a\":1,}", 7), ("01", 1), ("1.", 0), (".5", 0),
            ("+1", 0),
            ("tru", 0), ("[1] x", 4), ("\"a\u{1}\"", 2), ("\"a", 2), ("{1:2}", 1), ("-", 0), ("[1,\"a\",]", 7),
        ])
    func notJSON(text: String, offset: Int) {
        do {
            _ = try node(text)
            Issue.record("'\(text)' was read")
        } catch {
            guard case .notJSON(offset, _)? = error as? WireError else {
                Issue.record("'\(text)': \(error)")
                return
            }
        }
    }

    @Test("of equal keys the last one counts, escaped keys are keys, and unknown members are no matter")
    func members() throws {
        let text = #"{"request_id": "a", "x": [1, {"y": null}], "request\u005fid": "b", "model_id": null}"#
        let reply = try Wire.QueuedResponse(jsonBody: Array(text.utf8))
        #expect(reply == Wire.QueuedResponse(requestID: "b"))
    }

    @Test("errors name the place in the message")
    func places() throws {
        let text = #"""
            {"forward_backward_input":{"loss_fn":"ppo","data":[{"model_input":{"chunks":[]},"loss_fn_inputs":{"weights":
            {"data":[1,"a"],"dtype":"float32"}}}]},"model_id":"m"}
            """#
        let path = "forward_backward_input.data[0].loss_fn_inputs.weights.data"
        #expect(throws: WireError.unexpected(path: path, expected: "a list of numbers", found: "a list")) {
            try Wire.ForwardBackwardRequest(jsonBody: Array(text.utf8))
        }
        #expect(throws: WireError.missing(path: "request_id")) { try Wire.QueuedResponse(jsonBody: Array("{}".utf8)) }
        #expect(throws: WireError.unexpected(path: "", expected: "an object", found: "a list")) {
            try Wire.QueuedResponse(jsonBody: Array("[]".utf8))
        }
    }
}

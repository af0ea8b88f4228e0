import Tensors
import Testing
import TinkerWire

@Suite("Hostile input")
struct HostileInputTests {
    /// What bodies may cost here.
    private let limits = WireLimits(bodyBytes: 1 << 20, depth: 32, data: 64, tensorElements: 1 << 16)

    @Test("thousands of damaged bodies are read or refused, and what is read can be written")
    func mutations() throws {
        var random = SeededRandom(7)
        func below(_ bound: Int) -> Int { min(Int(random.uniform() * Double(bound)), bound - 1) }
        // Of bodies whose forms differ; the polls and pings are alike.
        let bodies = try RecordedBody.all().filter { !["/retrieve_future", "/telemetry"].contains($0.kind) }
        var (read, refused) = (0, 0)
        for body in bodies {
            let codec = try #require(Codec.of(body))
            let coding = try #require(ContentCoding(contentEncoding: body.coding ?? ""))
            let plain = try coding.decode(body.bytes)
            for round in 0..<8 {
                var bytes = plain
                if round == 0 { bytes.removeLast(1 + below(bytes.count)) }
                for _ in 0..<(round == 0 ? 0 : 1 + below(3)) where !bytes.isEmpty {
                    let place = below(bytes.count)
                    switch below(4) {
                    case 0: bytes[place] = UInt8(below(256))
                    case 1: bytes[place] ^= 1 << below(8)
                    case 2: bytes.remove(at: place)
                    default: bytes.insert(contentsOf: plain[below(plain.count)...].prefix(1 + below(9)), at: place)
                    }
                }
                do {
                    _ = try codec.again(bytes, .explicit, limits)
                    read += 1
                    // Whatever else is thrown: what was read differs by NaN from what was written.
                } catch is WireError { refused += 1 } catch { read += 1 }
            }
            if coding != .identity {
                var bytes = body.bytes
                bytes[below(bytes.count)] ^= 1 << below(8)
                #expect(throws: WireError.self) { try coding.decode(Array(bytes.dropLast(1 + below(9))), limits: limits) }
            }
        }
        #expect(read > 300 && refused > 1000)
    }

    @Test("random bytes are refused")
    func noise() throws {
        var random = SeededRandom(11)
        for _ in 0..<2000 {
            let bytes = (0..<Int(random.uniform() * 60)).map { _ in UInt8(random.uniform() * 256) }
            _ = try? Wire.ForwardBackwardRequest(protobufBody: bytes, limits: limits)
            _ = try? Wire.ForwardBackwardOutput(protobufBody: bytes, limits: limits)
            _ = try? Wire.SampleResponse(protobufBody: bytes, limits: limits)
            #expect(throws: WireError.self) { try Wire.SampleRequest(jsonBody: bytes, limits: limits) }
            #expect(throws: WireError.self) { try ContentCoding.zstd.decode(bytes, limits: limits) }
            #expect(throws: WireError.self) { try ContentCoding.gzip.decode(bytes, limits: limits) }
        }
    }

    @Test("a few bytes that claim large things are refused before anything is allocated")
    func claims() {
        // A sparse tensor of a million million elements.
        #expect(throws: WireError.tooLarge(what: "a tensor of shape [3, 1000000000000]", limit: 1 << 16)) {
            try Wire.TensorData(
                jsonBody: Array(
                    """
                    {"data":[1],"dtype":"float32","shape":[3,1000000000000],"sparse_crow_indices":[0,1,1,1],
                    "sparse_col_indices":[0]}
                    """.utf8), limits: limits)
        }
        // A product that overflows.
        #expect(throws: WireError.self) {
            try Wire.TensorData(.int64([1]), shape: [1 << 40, 1 << 40], limits: limits)
        }
        // 2^40 datums without outputs: field 2 { field 3 = 2^40 }.
        #expect(throws: WireError.self) {
            try Wire.ForwardBackwardOutput(
                protobufBody: [0x12, 7, 0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20], limits: limits)
        }
        // 2^40 rows of no places: field 3 { field 4 = 2^40 }.
        #expect(throws: WireError.self) {
            try Wire.SampleResponse(protobufBody: [0x1a, 7, 0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20], limits: limits)
        }
        // A string of 2^60 bytes.
        #expect(throws: WireError.self) {
            try Wire.ForwardBackwardRequest(
                protobufBody: [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10], limits: limits)
        }
        #expect(throws: WireError.self) {
            try Wire.TelemetryRequest(jsonBody: Array(String(repeating: "[", count: 500_000).utf8), limits: limits)
        }
        #expect(throws: WireError.tooLarge(what: "a body of 1048577 bytes", limit: 1 << 20)) {
            try Wire.TelemetryRequest(jsonBody: [UInt8](repeating: 0x20, count: 1 << 20 + 1), limits: limits)
        }
    }

    @Test("compressed bodies that grow beyond the limit are given up on the way", arguments: [ContentCoding.gzip, .zstd])
    func bombs(coding: ContentCoding) throws {
        let bomb = try coding.encode([UInt8](repeating: 0, count: 64 << 20))
        #expect(bomb.count < 1 << 20)
        #expect(throws: WireError.tooLarge(what: "an unpacked body", limit: 1 << 20)) {
            try coding.decode(bomb, limits: limits)
        }
    }

    @Test("compressed bodies come back whole, and their halves are refused", arguments: ContentCoding.allCases)
    func compression(coding: ContentCoding) throws {
        for size in [1, 1000, 1 << 16, 200_000] {
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
            let packed = try coding.encode(body)
            #expect(try coding.decode(packed) == body)
            guard coding != .identity else { continue }
            #expect(throws: WireError.self) { try coding.decode(Array(packed.dropLast(1))) }
            #expect(throws: WireError.self) { try coding.decode([]) }
        }
    }
}

import Foundation
import Testing
import TinkerWire

@Suite("Recorded exchanges")
struct TranscriptTests {
    @Test("every body reads, and written again it is an equal message with the same members")
    func roundTrip() throws {
        var checked = 0
        for body in try RecordedBody.all() {
            let codec = try #require(Codec.of(body), "\(body.kind)")
            let coding = try #require(ContentCoding(contentEncoding: body.coding ?? ""))
            let plain = try coding.decode(body.bytes)
            let written = try codec.again(plain, body.jsonStyle, WireLimits())
            checked += 1
            guard body.protobuf == nil else { continue }
            let before = try JSONSerialization.jsonObject(with: Data(plain))
            let after = try JSONSerialization.jsonObject(with: Data(written))
            let found = JSONDifferences.between(before, after, isRequest: body.direction == "request")
            #expect(found.isEmpty, "\(body.kind) \(body.direction): \(found)")
        }
        #expect(checked > 600)
    }

    @Test("protobuf bodies of single-entry maps are written as the SDK and SkyRL write them, byte for byte")
    func protobufBytes() throws {
        var equal = 0
        for body in try RecordedBody.all() where body.protobuf != nil && body.kind == "future /asample" {
            let codec = try #require(Codec.of(body))
            #expect(try codec.again(body.bytes, .explicit, WireLimits()) == body.bytes)
            equal += 1
        }
        #expect(equal > 5)
    }
}

/// What differs between two JSON texts, apart from what does not matter.
enum JSONDifferences {
    /// Members that SkyRL's answers have beyond the protocol, and a default that it names.
    private static let extra: Set<String> = [
        "status", "future_id", "base_model", "lora_config", "ctx", "url", "pjwt_auth_enabled",
    ]

    static func between(_ before: Any, _ after: Any, isRequest: Bool, path: String = "") -> [String] {
        switch (before, after) {
        case (let before as [String: Any], let after as [String: Any]):
            var found: [String] = []
            for key in Set(before.keys).union(after.keys).sorted() {
                let place = path + "." + key
                switch (before[key], after[key]) {
                case (let old?, let new?): found += between(old, new, isRequest: isRequest, path: place)
                case (let old?, nil):
                    // A request says what the SDK says; answers may have more.
                    if !(isRequest ? false : old is NSNull || extra.contains(key)) { found.append("\(place) is lost") }
                case (nil, let new?):
                    // The type and default members of answers, which SkyRL leaves out.
                    let isAllowed = !isRequest && (new is NSNull || ["type", "corrupted"].contains(key))
                    if !isAllowed { found.append("\(place) is new") }
                case (nil, nil): break
                }
            }
            return found
        case (let before as [Any], let after as [Any]):
            guard before.count == after.count else { return ["\(path) has \(after.count) elements"] }
            return zip(before, after).enumerated().flatMap { index, pair in
                between(pair.0, pair.1, isRequest: isRequest, path: "\(path)[\(index)]")
            }
        case (let before as NSNumber, let after as NSNumber):
            // The SDK prints float32 as float64; ours is the shortest text of the same float32.
            return before == after || before.floatValue == after.floatValue ? [] : ["\(path): \(before) and \(after)"]
        case (let before as NSObject, let after as NSObject): return before == after ? [] : ["\(path): \(before) and \(after)"]
        default: return ["\(path): \(before) and \(after)"]
        }
    }
}

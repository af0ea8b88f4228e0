import Foundation
import Synchronization
import TestSupport
import Testing
import TinkerServer
import TinkerWire

/// What the official SDK (0.15, 0.24 and 0.38) and MinT's have sent to other servers, in its order (`calls.json`).
struct RecordedCalls: Decodable, Sendable, CustomTestStringConvertible {
    struct Exchange: Decodable, Sendable {
        let method: String
        let path: String
        let headers: [String: String]
        let json: String?
        let protobuf: Data?
        let status: Int
        /// The ids in the answer of that server.
        let ids: [String: String]?
    }

    let name: String
    let exchanges: [Exchange]
    var testDescription: String { name }

    static func all() throws -> [RecordedCalls] { try Vectors.load([RecordedCalls].self, "calls", in: .module) }
}

@Suite("Recorded clients", .timeLimit(.minutes(10)))
struct RecordedCallsTests {
    /// What this server does not have: services of MinT's alone, files of the toy service, and what is behind flags that it never sets.
    private static let absent = [
        "/mint/", "/archive", "/external_weights_urls", "/create_custom_loss", "/sessions/s1", "/cancel_future",
    ]

    @Test("every call of a recorded client is understood, and its ids lead on to the next", arguments: try RecordedCalls.all())
    func replay(_ calls: RecordedCalls) async throws {
        let server = try TestServer()
        // Ids of the recording and ours for them, the longest first.
        var ids = [("fake/tiny", "toy"), ("tiny-qwen3", "toy")]
        var (results, refusedPolls) = (0, 0)
        for (index, exchange) in Self.ordered(calls.exchanges).enumerated() {
            func ours(_ text: String) -> String { Self.translated(text, ids) }
            let url = ours(exchange.path).split(separator: "?", maxSplits: 1)
            var query: [String: String] = [:]
            for part in url.dropFirst().first?.split(separator: "&") ?? [] {
                let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
                query[pair[0]] = pair.last
            }
            let body = try exchange.json.map { Array(ours($0).utf8) } ?? exchange.protobuf.map { try translated(Array($0), ids) } ?? []
            var headers = exchange.headers
            headers["content-encoding"] = nil
            let response = await server.router.handle(
                ServerRequest(method: exchange.method, path: String(url[0]), query: query, headers: headers, body: body))
            let place = "call \(index + 1) \(exchange.method) \(url[0]): \(response.status) \(response.text.prefix(200))"
            if Self.absent.contains(where: exchange.path.contains) {
                #expect((400..<500).contains(response.status), "\(place)")
                continue
            }
            if exchange.path.contains("/asample"), response.status == 400 {
                #expect(response.text.contains("cannot answer"), "\(place)")
                continue
            }
            if exchange.path.contains("/retrieve_future"), [404, 410].contains(response.status) {
                // Of a call that was refused here or is not offered.
                refusedPolls += 1
                continue
            }
            #expect((200..<300).contains(response.status), "\(place)")
            guard response.headers["content-type"] == "application/json", !response.body.isEmpty else { continue }
            let members = try response.members
            if exchange.path.contains("/retrieve_future") { results += 1 }
            for (key, theirs) in exchange.ids ?? [:] {
                guard let mine = members[key] as? String, mine != theirs, !ids.contains(where: { $0.0 == theirs }) else { continue }
                ids.append((theirs, mine))
            }
            ids.sort { $0.0.count > $1.0.count }
        }
        #expect(results >= 1)
        #expect(refusedPolls <= 8)
    }

    /// Polls for passes come last: SDKs poll for a chunk before they have sent the one that goes before it, and here one call ends
    /// before the next begins.
    private static func ordered(_ exchanges: [RecordedCalls.Exchange]) -> [RecordedCalls.Exchange] {
        let passes = exchanges.filter { $0.path.contains("/forward") }.compactMap { $0.ids?["request_id"] }
        func isLate(_ exchange: RecordedCalls.Exchange) -> Bool {
            exchange.path.contains("/retrieve_future") && passes.contains { exchange.json?.contains("\"\($0)\"") == true }
        }
        let finish = exchanges.filter { $0.path.hasSuffix("/finish") }
        return exchanges.filter { !isLate($0) && !$0.path.hasSuffix("/finish") } + exchanges.filter(isLate) + finish
    }

    /// SkyRL's request ids are plain numbers, which are ids between quotation marks alone.
    private static func translated(_ text: String, _ ids: [(String, String)]) -> String {
        ids.reduce(text) { text, id in
            id.0.count > 6 ? text.replacing(id.0, with: id.1) : text.replacing("\"\(id.0)\"", with: "\"\(id.1)\"")
        }
    }

    /// A protobuf request for our model.
    private func translated(_ body: [UInt8], _ ids: [(String, String)]) throws -> [UInt8] {
        let plain = body.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) ? try ContentCoding.zstd.decode(body) : body
        var message = try Wire.ForwardBackwardRequest(protobufBody: plain)
        message.modelID = Self.translated(message.modelID, ids)
        return try message.protobufBody()
    }
}

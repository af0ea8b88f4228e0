import Testing
import TinkerClient
import TinkerWire
import TrainingAPI

/// The end of a session.
struct SessionEndTests {
    @Test("A session that was opened is ended once, with the reason; a service that does not know the call is no failure")
    func finish() async throws {
        let path = "/sessions/\(TinyTinker.sessionID)/finish"
        for status in [204, 404] {
            let client = try ClientUnderTest { asked, _ in asked == path ? HTTPReply(status: status) : nil }
            try await client.service.finish(reason: "success").value
            #expect(client.transport.requests.isEmpty)
            _ = try await client.service.createSamplingClient(baseModel: "tiny").value
            try await client.service.finish(reason: "errored").value
            try await client.service.finish(reason: "success").value
            let sent = try client.transport.bodies(path).map { try Wire.FinishSessionRequest(jsonBody: $0).reason.kind }
            #expect(sent == ["errored"])
        }
    }

    @Test("SkyRL, which has no such call, is not asked")
    func skyRL() async throws {
        let client = try ClientUnderTest { path, _ in
            path == "/create_session" ? .json(#"{"session_id":"session_0123abcd"}"#) : nil
        }
        _ = try await client.service.createSamplingClient(baseModel: "tiny").value
        try await client.service.finish(reason: "success").value
        #expect(!client.transport.requests.contains { $0.path.hasSuffix("/finish") })
    }
}

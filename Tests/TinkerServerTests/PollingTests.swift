import TestSupport
import Testing
import TinkerServer
import TinkerWire

@Suite("Results", .timeLimit(.minutes(10)))
struct PollingTests {
    @Test("a poll is held until the result comes, and answered with 408 when clients would give up")
    func longPolling() async throws {
        let server = try TestServer()
        let model = try await server.createModel(server.openSession())
        // Waits for call 1.
        let queued = try await server.ask("forward_backward", server.supervised(model, 2))
        let id = try #require(queued["request_id"] as? String)
        let poll = #"{"request_id":"\#(id)","allow_metadata_only":true}"#
        async let early = server.send("retrieve_future", poll)
        await server.time.waitForSleeper()
        server.time.advance(by: 30)
        let answer = await early
        #expect(answer.status == 408)
        let members = try answer.members
        #expect(members["type"] as? String == "try_again")
        #expect(members["queue_state"] as? String == "active")
        #expect(members["request_id"] as? String == id)
        // Two polls at once are both answered, without the time moving on.
        async let one = server.send("retrieve_future", poll)
        async let two = server.send("retrieve_future", poll)
        await server.time.waitForSleeper()
        _ = try await server.ask("forward_backward", server.supervised(model, 1))
        let answers = await [one, two]
        #expect(answers.allSatisfy { $0.status == 200 })
        #expect(answers[0].body == answers[1].body)
    }

    @Test("a result can be read again for a while, and is then gone for good with 410")
    func rereading() async throws {
        let server = try TestServer()
        let session = try await server.openSession()
        let model = try await server.createModel(session)
        let queued = try await server.ask("forward_backward", server.supervised(model, 1))
        let first = try await server.result(queued)
        #expect(try await server.result(queued)["metrics"] as? [String: Double] == first["metrics"] as? [String: Double])
        for _ in 0..<4 {
            server.time.advance(by: 200)
            _ = try await server.ask("session_heartbeat", #"{"session_id":"\#(session)"}"#)
            await server.router.sweep()
        }
        let response = await server.send("retrieve_future", #"{"request_id":"\#(model):1"}"#)
        #expect(response.status == 410)
        #expect(await server.send("retrieve_future", #"{"request_id":"nonsense"}"#).status == 404)
    }

    @Test("results are protobuf if the poll accepts that, else JSON, and say the same")
    func formats() async throws {
        let server = try TestServer()
        let model = try await server.createModel(server.openSession())
        let queued = try await server.ask("forward_backward", server.supervised(model, 1))
        let poll = #"{"request_id":"\#(try #require(queued["request_id"] as? String))"}"#
        let json = await server.send("retrieve_future", poll, headers: ["accept": "application/json"])
        let protobuf = await server.send(
            "retrieve_future", poll, headers: ["accept": "application/x-protobuf, application/json"])
        #expect(json.headers["content-type"] == "application/json")
        #expect(protobuf.headers["content-type"] == "application/x-protobuf")
        #expect(
            try Wire.ForwardBackwardOutput(jsonBody: json.body) == Wire.ForwardBackwardOutput(protobufBody: protobuf.body))
    }

    @Test("requests may be packed with gzip or zstd, and large JSON answers are if the client takes that")
    func codings() async throws {
        let server = try TestServer(FakeService(contextLength: 20_000))
        let model = try await server.createModel(server.openSession())
        for (number, coding) in [ContentCoding.gzip, .zstd].enumerated() {
            let body = try coding.encode(Array(server.supervised(model, number + 1).utf8))
            let response = await server.router.handle(
                ServerRequest(
                    method: "POST", path: "/api/v1/forward_backward",
                    headers: ["content-type": "application/json", "content-encoding": coding.rawValue], body: body))
            #expect(response.status == 202, "\(response.text)")
        }
        let long = (0..<10_000).map { (index: Int) in "\(index % 250)" }.joined(separator: ",")
        let queued = try await server.ask(
            "forward_backward",
            #"""
            {"forward_backward_input":{"data":[{"model_input":{"chunks":[{"tokens":[\#(long)]}]},
            "loss_fn_inputs":{"target_tokens":{"data":[\#(long)],"dtype":"int64"}}}],"loss_fn":"cross_entropy"},
            "model_id":"\#(model)","seq_id":3}
            """#)
        let poll = #"{"request_id":"\#(try #require(queued["request_id"] as? String))"}"#
        let plain = await server.send("retrieve_future", poll)
        #expect(plain.headers["content-encoding"] == nil)
        for coding in ["gzip", "zstd"] {
            let packed = await server.send("retrieve_future", poll, headers: ["accept-encoding": "\(coding), deflate;q=0.5"])
            #expect(packed.headers["content-encoding"] == coding)
            #expect(try #require(ContentCoding(contentEncoding: coding)).decode(packed.body) == plain.body)
        }
        #expect(
            await server.send("create_session", "{}", headers: ["content-encoding": "br"]).status == 415)
    }
}

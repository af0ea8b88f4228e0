import TestSupport
import Testing
import TinkerServer

@Suite("Samples that end", .timeLimit(.minutes(10)))
struct SampleLogTests {
    private let server: TestServer
    private let sampler: String

    init() async throws {
        server = try TestServer()
        let session = try await server.openSession()
        _ = try await server.ask(
            "create_sampling_session", #"{"session_id":"\#(session)","sampling_session_seq_id":0,"base_model":"toy"}"#)
        sampler = "\(session):sample:0"
    }

    private func draw(_ number: Int, maxTokens: Int = 4) async throws -> String {
        let queued = try await server.ask(
            "asample",
            #"""
            {"num_samples":1,"prompt":{"chunks":[{"tokens":[5,6,7]}]},"sampling_params":{"max_tokens":\#(maxTokens),"seed":7},
            "sampling_session_id":"\#(sampler)","seq_id":\#(number)}
            """#)
        return try #require(queued["request_id"] as? String)
    }

    private func events(after cursor: Int, clone: Int = 0, timeout: Int = 0, got: [String] = []) -> String {
        let list = got.map { "\"\($0)\"" }.joined(separator: ",")
        return #"""
            {"target":{"type":"sampling_session","sampling_session_id":"\#(sampler)","cloned_sampler_id":\#(clone)},
            "prev_cursor":\#(cursor),"timeout":\#(timeout),"retrieved_request_ids":[\#(list)]}
            """#
    }

    @Test("are told once to each copy of the client, and their results go when the client has them")
    func told() async throws {
        let ids = [try await draw(0), try await draw(1)]
        let cloned = try await draw(1_000_000_000)
        for id in ids + [cloned] { _ = try await server.result(["request_id": id]) }
        let answer = try await server.ask("retrieve_futures", events(after: 0, timeout: 30))
        let told = try #require(answer["completions"] as? [[String: Any]])
        #expect(Set(told.compactMap { $0["request_id"] as? String }) == Set(ids))
        #expect(told.allSatisfy { $0["state"] as? String == "finished" })
        #expect(answer["cursor"] as? Int == 2)
        let rest = try await server.ask("retrieve_futures", events(after: 2, got: ids))
        #expect((rest["completions"] as? [Any])?.isEmpty == true)
        #expect(rest["cursor"] as? Int == 2)
        #expect(await server.send("retrieve_future", #"{"request_id":"\#(ids[0])"}"#).status == 410)
        let other = try await server.ask("retrieve_futures", events(after: 0, clone: 1))
        #expect((other["completions"] as? [[String: Any]])?.first?["request_id"] as? String == cloned)
    }

    @Test("are waited for until there is one, or clients would give up")
    func waiting() async throws {
        let poll = events(after: 0, timeout: 30)
        async let early = server.send("retrieve_futures", poll)
        await server.time.waitForSleeper()
        server.time.advance(by: 30)
        #expect(try await early.members["cursor"] as? Int == 0)
        async let late = server.ask("retrieve_futures", poll)
        await server.time.waitForSleeper()
        let id = try await draw(0)
        #expect(try await (late["completions"] as? [[String: Any]])?.first?["request_id"] as? String == id)
    }

    @Test("can be given up; training calls cannot, because nobody would know their model's state")
    func cancelled() async throws {
        let id = try await draw(0)
        #expect(await server.send("cancel_future", #"{"request_id":"\#(id)"}"#).status == 204)
        #expect(await server.send("cancel_future", #"{"request_id":"\#(sampler):77"}"#).status == 204)
        let model = try await server.createModel(server.openSession())
        // Waits for call 1.
        let queued = try await server.ask("forward_backward", server.supervised(model, 2))
        let refused = await server.send("cancel_future", #"{"request_id":"\#(try #require(queued["request_id"] as? String))"}"#)
        #expect(refused.status == 400)
        #expect(refused.text.contains("only samples"))
    }
}

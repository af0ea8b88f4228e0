import TestSupport
import Testing
import TinkerServer

@Suite("Sampling requests", .timeLimit(.minutes(10)))
struct SamplingTests {
    private func body(_ sampler: String, _ number: Int, samples: Int = 2, extra: String = "") -> String {
        #"""
        {"num_samples":\#(samples),"prompt":{"chunks":[{"tokens":[5,6,7]}]},"sampling_params":{"max_tokens":4,"seed":7,"stop":"zz"},
        "sampling_session_id":"\#(sampler)","seq_id":\#(number)\#(extra)}
        """#
    }

    @Test("samples come with an id for each sequence, and a repeated request is drawn once")
    func samples() async throws {
        let server = try TestServer()
        let session = try await server.openSession()
        let opened = try await server.ask(
            "create_sampling_session", #"{"session_id":"\#(session)","sampling_session_seq_id":0,"base_model":"toy"}"#)
        let sampler = try #require(opened["sampling_session_id"] as? String)
        #expect(sampler == "\(session):sample:0")
        let queued = try await server.ask("asample", body(sampler, 0))
        #expect(Set(try #require(queued["sample_sequence_ids"] as? [String])).count == 2)
        let again = try await server.ask("asample", body(sampler, 0))
        #expect(queued["request_id"] as? String == again["request_id"] as? String)
        #expect(queued["sample_sequence_ids"] as? [String] == again["sample_sequence_ids"] as? [String])
        let sequences = try #require(try await server.result(queued)["sequences"] as? [[String: Any]])
        #expect(sequences.count == 2)
        for sequence in sequences {
            #expect((sequence["tokens"] as? [Int])?.count == 4)
            #expect((sequence["logprobs"] as? [Double])?.count == 4)
            #expect(sequence["stop_reason"] as? String == "length")
        }
        #expect(server.service.record.sampleCalls == 1)
        let info = try await server.ask("samplers/\(sampler)", method: "GET")
        #expect(info["base_model"] as? String == "toy")
    }

    @Test("what the service cannot answer is refused by name")
    func refused() async throws {
        let server = try TestServer()
        let session = try await server.openSession()
        _ = try await server.ask(
            "create_sampling_session", #"{"session_id":"\#(session)","sampling_session_seq_id":0,"base_model":"toy"}"#)
        let response = await server.send("asample", body("\(session):sample:0", 0, extra: #","topk_prompt_logprobs":5"#))
        #expect(response.status == 400)
        #expect(response.text.contains("topk_prompt_logprobs"))
        let many = await server.send("asample", body("\(session):sample:0", 1, samples: 100_000))
        #expect(many.status == 400)
        #expect(many.text.contains("1024"))
        let unknown = await server.send(
            "create_sampling_session", #"{"session_id":"\#(session)","sampling_session_seq_id":1,"base_model":"other"}"#)
        #expect(unknown.status == 404)
    }

    @Test("weights are sampled as they were when they were saved, without a checkpoint")
    func temporarySampler() async throws {
        let server = try TestServer()
        let session = try await server.openSession()
        let model = try await server.createModel(session)
        let saved = try await server.ask(
            "save_weights_for_sampler", #"{"model_id":"\#(model)","sampling_session_seq_id":3,"seq_id":1}"#)
        let result = try await server.result(saved)
        #expect(result["sampling_session_id"] as? String == "\(session):sample:3")
        _ = try await server.result(server.ask("asample", body("\(session):sample:3", 0)))
        #expect(server.service.disk.paths.isEmpty)
    }
}

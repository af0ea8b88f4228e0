import Foundation
import Tensors
import TestSupport
import Testing
import TinkerClient
import TrainingAPI

/// Every status code that a service may answer with, at the calls and at the polls.
struct RetryTests {
    private static let datum = Datum(
        modelInput: ModelInput(tokens: [1, 2]),
        lossFnInputs: ["target_tokens": Tensor([2, 3]), "weights": Tensor([1, 1] as [Float])])

    private func trainer(_ client: ClientUnderTest) async throws -> any TrainingClient {
        try await client.service.createLoraTrainingClient(baseModel: "tiny", config: LoraConfig(rank: 8)).value
    }

    private func message(_ body: () async throws -> Void) async -> TrainingError? {
        do { try await body() } catch { return error as? TrainingError }
        return nil
    }

    @Test(
        "A step is sent again with the same bytes after 408, 409, 429, 500, 502, a timeout, a cut and a page",
        arguments: [408, 409, 429, 500, 502, 0, 1, 2])
    func retriedCalls(status: Int) async throws {
        let client = try ClientUnderTest { path, count in
            guard path == "/optim_step", count <= 2 else { return nil }
            switch status {
            case 0: throw TransportError.timeout
            case 1: throw TransportError.broken("cut")
            case 2: return HTTPReply(status: 200, headers: ["content-type": "text/html"], body: Array("<html>".utf8))
            default: return .json(#"{"detail":"later"}"#, status: status)
            }
        }
        let output = try await trainer(client).optimStep(AdamParams()).value
        #expect(output.metrics["grad_norm"] == 0.5)
        let bodies = client.transport.bodies("/optim_step")
        #expect(bodies.count == 3)
        #expect(Set(bodies).count == 1)
        #expect(client.time.sleeps.prefix(2) == [0.4375, 0.875])
    }

    @Test("What cannot get better is not sent again", arguments: [400, 401, 403, 404, 413, 422])
    func refusedCalls(status: Int) async throws {
        let client = try ClientUnderTest { path, _ in
            path == "/optim_step" ? .json(#"{"detail":"no such thing"}"#, status: status) : nil
        }
        let trainer = try await trainer(client)
        let error = await message { _ = try await trainer.optimStep(AdamParams()).value }
        #expect(error?.kind == .service)
        #expect(error?.description == "service.test: optim_step: no such thing (status \(status))")
        #expect(client.transport.bodies("/optim_step").count == 1)
    }

    @Test("An unpaid bill is waited for, five seconds at a time, with one notice")
    func unpaid() async throws {
        let client = try ClientUnderTest { path, count in
            path == "/optim_step" && count <= 3 ? .json(#"{"detail":"pay"}"#, status: 402) : nil
        }
        _ = try await trainer(client).optimStep(AdamParams()).value
        #expect(client.time.sleeps == [5, 5, 5])
        #expect(client.notices.all.count == 1)
    }

    @Test("Retry-After and x-should-retry are followed")
    func headers() async throws {
        let client = try ClientUnderTest { path, count in
            guard path == "/optim_step" else { return nil }
            switch count {
            case 1: return .json(#"{"detail":"later"}"#, status: 429, headers: ["retry-after": "7"])
            case 2: return .json(#"{"detail":"later"}"#, status: 503, headers: ["retry-after-ms": "250"])
            default: return .json(#"{"detail":"never"}"#, status: 503, headers: ["x-should-retry": "false"])
            }
        }
        let trainer = try await trainer(client)
        let error = await message { _ = try await trainer.optimStep(AdamParams()).value }
        #expect(error?.description.contains("never") == true)
        #expect(client.time.sleeps == [7, 0.25])
    }

    @Test("A 400 without a body comes from a proxy and is sent again on a new connection")
    func proxyFault() async throws {
        let client = try ClientUnderTest { path, count in
            path == "/optim_step" && count == 1 ? HTTPReply(status: 400) : nil
        }
        _ = try await trainer(client).optimStep(AdamParams()).value
        #expect(client.transport.bodies("/optim_step").count == 2)
    }

    @Test("A save whose name is taken fails at once")
    func conflict() async throws {
        let client = try ClientUnderTest { path, _ in
            path == "/save_weights" ? .json(#"{"detail":"checkpoint exists"}"#, status: 409) : nil
        }
        let trainer = try await trainer(client)
        let error = await message { _ = try await trainer.saveState(name: "a").value }
        #expect(error?.description.contains("checkpoint exists") == true)
        #expect(client.transport.bodies("/save_weights").count == 1)
    }

    @Test("After a call without an answer nothing more is sent to the model")
    func orderLost() async throws {
        let client = try ClientUnderTest { path, _ in path == "/optim_step" ? .json("{}", status: 500) : nil }
        let trainer = try await trainer(client)
        let first = await message { _ = try await trainer.optimStep(AdamParams()).value }
        #expect(first?.kind == .service)
        let second = await message { _ = try await trainer.saveState(name: "a").value }
        #expect(second?.description.contains("an earlier call got no answer") == true)
        #expect(client.transport.bodies("/save_weights").isEmpty)
    }

    @Test("A refused call uses up its number, a refused key does not")
    func numbers() async throws {
        let client = try ClientUnderTest { path, count in
            guard path == "/optim_step", count <= 2 else { return nil }
            return .json(#"{"detail":"no"}"#, status: count == 1 ? 422 : 401)
        }
        let trainer = try await trainer(client)
        for _ in 0..<3 { _ = try? await trainer.optimStep(AdamParams()).value }
        let numbers = client.transport.bodies("/optim_step").map { body in
            String(decoding: body, as: UTF8.self).components(separatedBy: "\"seq_id\":")[1].prefix(1)
        }
        #expect(numbers == ["1", "2", "2"])
    }

    // MARK: Polls

    @Test("A result is polled for until it is there, whatever comes in between")
    func polls() async throws {
        let client = try ClientUnderTest { path, count in
            guard path == "/retrieve_future", count > 1 else { return nil }
            switch count - 1 {
            case 1: return .json(#"{"type":"try_again","request_id":"x","queue_state":"paused_capacity"}"#, status: 408)
            case 2: return .json(#"{"type":"try_again","request_id":"x","queue_state":"active"}"#)
            case 3: return .json(#"{"detail":"waiting"}"#, status: 408)
            case 4: throw TransportError.timeout
            case 5: return .json("{}", status: 429)
            case 6: return .json("{}", status: 502)
            case 7: return .json("{}", status: 400)
            case 8: return .json("{}", status: 402)
            case 9: return HTTPReply(status: 200, headers: ["content-type": "application/json"], body: Array("{\"met".utf8))
            case 10: return .json(#"{"status":"complete_metadata","response_payload_size":30}"#)
            default: return nil
            }
        }
        let output = try await trainer(client).optimStep(AdamParams()).value
        #expect(output.metrics["grad_norm"] == 0.5)
        let polls = client.transport.bodies("/retrieve_future").dropFirst().map { String(decoding: $0, as: UTF8.self) }
        #expect(polls.count == 11)
        #expect(polls.last?.contains(#""allow_metadata_only":false"#) == true)
        #expect(client.transport.bodies("/optim_step").count == 1)
    }

    @Test("A result that cannot come is not waited for", arguments: [400, 401, 403, 404, 410, 422, 425])
    func refusedPolls(status: Int) async throws {
        let client = try ClientUnderTest { path, count in
            path == "/retrieve_future" && count > 1 ? .json(#"{"detail":"gone"}"#, status: status) : nil
        }
        let trainer = try await trainer(client)
        let error = await message { _ = try await trainer.optimStep(AdamParams()).value }
        #expect(error?.kind == .service)
        #expect(client.transport.bodies("/retrieve_future").count == (status == 400 ? 5 : 2))
    }

    @Test("A request that the service has failed at is an error in its words")
    func failure() async throws {
        let client = try ClientUnderTest { path, count in
            path == "/retrieve_future" && count > 1 ? .json(#"{"error":"out of memory","category":"server"}"#) : nil
        }
        let trainer = try await trainer(client)
        let error = await message { _ = try await trainer.optimStep(AdamParams()).value }
        #expect(error?.description == "service.test: optim_step: out of memory")
    }

    @Test("A sample that the service has forgotten, or has no room for, is sent again")
    func samples() async throws {
        let client = try ClientUnderTest { path, count in
            switch (path, count) {
            case ("/retrieve_future", 1): .json("{}", status: 410)
            case ("/asample", 2): .json(#"{"detail":"busy"}"#, status: 429)
            default: nil
            }
        }
        let sampler = try await client.service.createSamplingClient(baseModel: "tiny").value
        let response = try await sampler.sample(
            prompt: ModelInput(tokens: [1, 2, 3]), numSamples: 2, params: SamplingParams(), includePromptLogprobs: true
        ).value
        #expect(response.sequences.map(\.tokens) == [[7], [7]])
        // SkyRL leaves out the first token's.
        #expect(response.promptLogprobs == [nil, -2, -3])
        #expect(client.transport.bodies("/asample").count == 3)
        #expect(client.time.sleeps.contains(1))
    }

    // MARK: First contact

    @Test("A wrong address is an error at once")
    func firstContact() async throws {
        let refused = try ClientUnderTest(handling: { _, _ in throw TransportError.noConnection("connection refused") })
        let error = await message { _ = try await refused.service.serverCapabilities().value }
        #expect(error?.kind == .network)
        #expect(refused.transport.requests.count == 1)
        let page = try ClientUnderTest(handling: { _, _ in
            HTTPReply(status: 200, headers: ["content-type": "text/html"], body: Array("<html>hi</html>".utf8))
        })
        let other = await message { _ = try await page.service.serverCapabilities().value }
        #expect(other?.description.contains("a web page instead of an answer") == true)
        #expect(page.transport.requests.count == 1)
    }

    @Test("Keys do not appear in errors, notices and descriptions")
    func secrets() async throws {
        let key = "tml-very-secret"
        let client = try ClientUnderTest(key: key) { path, _ in
            path == "/create_session" ? .json(#"{"detail":"bad key \#(key)\u001b[2J"}"#, status: 401) : nil
        }
        let error = await message { _ = try await client.service.createSamplingClient(baseModel: "tiny").value }
        let text = "\(error.map { "\($0) \($0.hint ?? "")" } ?? "")"
        #expect(text.contains("bad key •••"))
        #expect(!text.contains(key) && !text.contains("\u{1b}"))
        #expect(client.transport.requests.last?.headers["X-API-Key"] == key)
        var dumped = ""
        dump(client.service, to: &dumped)
        #expect(!dumped.contains(key) && !"\(Secret(key))".contains(key))
    }
}

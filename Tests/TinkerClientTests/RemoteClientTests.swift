import Foundation
import Synchronization
import Tensors
import TestSupport
import Testing
import TinkerClient
import TinkerWire
import TrainingAPI

/// What clients send, and what they make of answers.
struct RemoteClientTests {
    private func datum(_ count: Int = 3, weight: Float = 1) -> Datum {
        Datum(
            modelInput: ModelInput(tokens: Array(1...count)),
            lossFnInputs: [
                "target_tokens": Tensor(Array(2...count + 1)),
                "weights": Tensor([Float](repeating: weight, count: count)),
            ])
    }

    @Test("Calls made at once are sent in their order, numbered from 1 without a gap")
    func order() async throws {
        let client = try ClientUnderTest { path, count in
            // Some answers get lost on the way.
            if path == "/forward_backward" || path == "/optim_step", count % 3 == 0 { throw TransportError.broken("lost") }
            return nil
        }
        let trainer = try await client.service.createLoraTrainingClient(baseModel: "tiny", config: LoraConfig(rank: 8)).value
        let passes = (0..<20).map { _ in (trainer.forwardBackward([datum()], loss: .crossEntropy), trainer.optimStep(AdamParams())) }
        for (pass, step) in passes {
            #expect(try await pass.value.lossFnOutputs[0]["logprobs"]?.floats == [-1, -1, -1])
            #expect(try await step.value.metrics["grad_norm"] == 0.5)
        }
        var numbers: [Int] = []
        for request in client.transport.requests {
            if request.path == "/forward_backward" {
                numbers.append(try Wire.ForwardBackwardRequest(protobufBody: request.body).sequenceID ?? -1)
            } else if request.path == "/optim_step" {
                numbers.append(try Wire.OptimStepRequest(jsonBody: request.body).sequenceID ?? -1)
            }
        }
        // Those that were sent again stand twice in a row.
        let first = numbers.enumerated().filter { $0.offset == 0 || numbers[$0.offset - 1] != $0.element }.map(\.element)
        #expect(first == Array(1...40))
    }

    @Test("A batch is cut at the service's limits and put together again")
    func chunks() async throws {
        let client = try ClientUnderTest { path, _ in
            path == "/client/config" ? .json(#"{"fwdbwd_max_chunk_len":2,"proto_compress_fwdbwd":false}"#) : nil
        }
        let trainer = try await client.service.createLoraTrainingClient(baseModel: "tiny", config: LoraConfig(rank: 8)).value
        let output = try await trainer.forwardBackward([datum(1), datum(2), datum(3)], loss: .crossEntropy).value
        #expect(output.lossFnOutputs.map { $0["logprobs"]?.count } == [1, 2, 3])
        #expect(output.metrics["loss:sum"] == 3)
        #expect(client.transport.bodies("/forward_backward").count == 2)
    }

    @Test("Where protobuf is not understood JSON is sent, from then on at once", arguments: [415, 422, 500])
    func fallback(status: Int) async throws {
        let client = try ClientUnderTest { path, count in
            path == "/forward_backward" && count == 1 ? .json(#"{"detail":"what?"}"#, status: status) : nil
        }
        let trainer = try await client.service.createLoraTrainingClient(baseModel: "tiny", config: LoraConfig(rank: 8)).value
        for _ in 0..<2 { _ = try await trainer.forwardBackward([datum()], loss: .crossEntropy).value }
        let formats = client.transport.requests.filter { $0.path == "/forward_backward" }.map { $0.headers["Content-Type"] }
        #expect(formats == ["application/x-protobuf", "application/json", "application/json"])
    }

    @Test("A custom loss becomes weights: minus its gradient")
    func customLoss() async throws {
        let client = try ClientUnderTest { _, _ in nil }
        let trainer = try await client.service.createLoraTrainingClient(baseModel: "tiny", config: LoraConfig(rank: 8)).value
        let output = try await trainer.forwardBackwardCustom([datum(2)]) { _, logprobs in
            #expect(logprobs[0].floats == [-1, -1])
            return CustomLossResult(loss: 4, gradients: [Tensor([0.5, -2] as [Float])], metrics: ["margin": 1])
        }.value
        #expect(output.metrics == ["loss:sum": 4, "margin": 1])
        let requests = try client.transport.bodies("/forward_backward").map { try Wire.ForwardBackwardRequest(protobufBody: $0) }
        #expect(requests.map(\.forwardOnly) == [true, false])
        #expect(requests[1].data[0].lossFnInputs["weights"]?.values == .float32([-0.5, 2]))
    }

    @Test("A cancelled future ends at once; calls behind it are sent with the numbers they would have had")
    func cancellation() async throws {
        let client = try ClientUnderTest { path, count in
            path == "/retrieve_future" && count > 1 && count < 200
                ? .json(#"{"type":"try_again","request_id":"x","queue_state":"active"}"#, status: 408) : nil
        }
        let trainer = try await client.service.createLoraTrainingClient(baseModel: "tiny", config: LoraConfig(rank: 8)).value
        let first = trainer.forwardBackward([datum()], loss: .crossEntropy)
        let second = trainer.optimStep(AdamParams())
        first.cancel()
        #expect(throws: TrainingError.cancelled) { try first.result?.get() }
        #expect(try await second.value.metrics["grad_norm"] == 0.5)
    }

    @Test("A model that is not on offer is refused by name before anything is sent for it")
    func unknownModel() async throws {
        let client = try ClientUnderTest { _, _ in nil }
        await #expect(throws: TrainingError.unknownModel("huge", known: ["tiny"])) {
            _ = try await client.service.createLoraTrainingClient(baseModel: "huge", config: LoraConfig()).value
        }
        #expect(client.transport.bodies("/create_session").isEmpty)
    }

    @Test("Without a tokenizer token ids work, and whoever needs texts is told what to do")
    func missingTokenizer() async throws {
        let client = try ClientUnderTest { _, _ in nil }
        let sampler = try await client.service.createSamplingClient(baseModel: "tiny").value
        #expect(try await sampler.computeLogprobs(ModelInput(tokens: [1, 2, 3])).value == [nil, -2, -3])
        #expect(throws: TrainingError.self) { try sampler.requiredTokenizer() }
    }

    @Test("Keys are exchanged for tokens where the service says so, and once more when one has ended")
    func tokens() async throws {
        let client = try ClientUnderTest(key: "tml-key") { path, count in
            switch (path, count) {
            case ("/client/config", _): .json(#"{"pjwt_auth_enabled":true}"#)
            case ("/auth/token", _): .json(#"{"jwt":"token\#(count)"}"#)
            case ("/create_session", 1): HTTPReply(status: 401, headers: ["www-authenticate": #"Bearer error="invalid_token""#])
            default: nil
            }
        }
        _ = try await client.service.createSamplingClient(baseModel: "tiny").value
        let keys = client.transport.requests.map { "\($0.path) \($0.headers["X-API-Key"] ?? "-")" }
        #expect(
            keys == [
                "/client/config tml-key", "/auth/token tml-key", "/get_server_capabilities token1", "/create_session token1",
                "/auth/token tml-key", "/create_session token2", "/create_sampling_session token2",
            ])
    }
}

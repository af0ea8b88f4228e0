import ModelFiles
import Tensors
import Testing
import TinkerClient
import TinkerWire
import Tokenizers
import TrainingAPI

/// What the client makes of a SkyRL server: compensated, or refused.
struct SkyRLTests {
    /// Answers as SkyRL does, where that differs from what is told by `TinyTinker`.
    private static func client(_ special: @escaping @Sendable (_ path: String) -> HTTPReply? = { _ in nil }) throws -> ClientUnderTest {
        try ClientUnderTest { path, count in
            if let reply = special(path) { return reply }
            switch path {
            case "/create_session": return .json(#"{"session_id":"session_0123abcd"}"#)
            case "/get_server_capabilities": return .json(#"{"supported_models":[{"model_name":"tiny"}]}"#)
            case "/create_model": return .json(#"{"request_id":"1"}"#)
            case "/retrieve_future" where count == 1: return .json(#"{"model_id":"model_0123abcd"}"#)
            case "/get_info": return .json(#"{"model_id":"model_0123abcd","model_data":{"model_name":"tiny"}}"#)
            case "/samplers/S:sample:0": return .json(#"{"sampler_id":"S:sample:0","base_model":"tiny","model_path":null}"#)
            case "/training_runs/model_0123abcd/checkpoints":
                return .json(
                    #"""
                    {"checkpoints":[{"checkpoint_id":"a","checkpoint_type":"sampler","time":"2026-01-01T00:00:00",
                    "tinker_path":"tinker://model_0123abcd/sampler_weights/a"}]}
                    """#)
            default: return nil
            }
        }
    }

    private static func trainer(_ client: ClientUnderTest) async throws -> any TrainingClient {
        try await client.service.createLoraTrainingClient(baseModel: "tiny", config: LoraConfig(rank: 8)).value
    }

    private static func datum(_ count: Int = 3) -> Datum {
        Datum(
            modelInput: ModelInput(tokens: Array(1...count)),
            lossFnInputs: [
                "target_tokens": Tensor(Array(2...count + 1)), "weights": Tensor([Float](repeating: 1, count: count)),
            ])
    }

    private static func advantages(_ client: ClientUnderTest) throws -> [[Float]] {
        try client.transport.bodies("/forward_backward").map { body in
            guard
                case .float32(let values)? = try Wire.ForwardBackwardRequest(jsonBody: body).data[0].lossFnInputs["advantages"]?.values
            else { return [] }
            return values
        }
    }

    @Test("gradients of a call are sums over its sequences; those of further calls before a step are scaled like the first")
    func scale() async throws {
        let client = try Self.client()
        let trainer = try await Self.trainer(client)
        _ = try await trainer.forwardBackward([Self.datum(), Self.datum()], loss: .crossEntropy).value
        _ = try await trainer.forwardBackward([Self.datum()], loss: .crossEntropy).value
        _ = try await trainer.optimStep(AdamParams()).value
        _ = try await trainer.forwardBackward([Self.datum()], loss: .crossEntropy).value
        // Three tokens times the number of sequences in the step's first call.
        #expect(try Self.advantages(client).map(\.first) == [6, 6, 3])
        #expect(client.notices.all.filter { $0.contains("averages over the calls") }.count == 1)
    }

    @Test("what it would ignore is refused: clipping, leaving the optimizer out, samples without a limit, several targets")
    func refused() async throws {
        let client = try Self.client()
        let trainer = try await Self.trainer(client)
        let sampler = try await client.service.createSamplingClient(baseModel: "tiny").value
        let targets = Datum(
            modelInput: ModelInput(tokens: [1, 2]),
            lossFnInputs: [
                "target_tokens": Tensor([1, 2, 3, 4], shape: [2, 2]), "weights": Tensor([1, 1, 1, 1] as [Float], shape: [2, 2]),
            ])
        let before = client.transport.requests.count
        for (what, call) in [
            ("clip", { _ = try await trainer.optimStep(AdamParams(gradClipNorm: 1)).value }),
            ("optimizer", { try await trainer.loadState(path: "tinker://model_0123abcd/weights/a").value }),
            (
                "optimizer",
                {
                    _ = try await client.service.createTrainingClient(
                        fromState: "tinker://model_0123abcd/weights/a", withOptimizer: false
                    ).value
                }
            ),
            (
                "max_tokens",
                {
                    _ = try await sampler.sample(
                        prompt: ModelInput(tokens: [1]), numSamples: 1, params: SamplingParams(), includePromptLogprobs: false
                    ).value
                }
            ),
            ("one target", { _ = try await trainer.forwardBackward([targets], loss: .crossEntropy).value }),
        ] as [(String, () async throws -> Void)] {
            let error = await #expect(throws: TrainingError.self) { try await call() }
            #expect(error?.kind == .usage && "\(error.map(\.description) ?? "")".contains(what), "\(String(describing: error))")
        }
        #expect(client.transport.requests.count == before)
    }

    @Test("saved weights are sampled until their model changes, which would be undone by sampling them")
    func snapshots() async throws {
        let client = try Self.client { path in
            switch path {
            case "/save_weights_for_sampler": .json(#"{"request_id":"save"}"#)
            default: nil
            }
        }
        let trainer = try await Self.trainer(client)
        _ = try await trainer.optimStep(AdamParams()).value
        let kept = try await client.service.createSamplingClient(modelPath: "tinker://model_0123abcd/sampler_weights/a").value
        let error = await #expect(throws: TrainingError.self) {
            _ = try await kept.computeLogprobs(ModelInput(tokens: [1, 2, 3])).value
        }
        #expect(error?.kind == .usage)
        await #expect(throws: TrainingError.checkpointNotFound("tinker://model_0123abcd/sampler_weights/b")) {
            _ = try await client.service.createSamplingClient(modelPath: "tinker://model_0123abcd/sampler_weights/b").value
        }
        // Of a run that somebody else trains nothing is known.
        let base = try await client.service.createSamplingClient(baseModel: "tiny").value
        #expect(try await base.computeLogprobs(ModelInput(tokens: [1, 2, 3])).value.count == 3)
    }

    @Test("no stop means none, as everywhere else, and is sent as an empty list")
    func stops() async throws {
        let client = try Self.client()
        let sampler = try await client.service.createSamplingClient(baseModel: "tiny").value
        for stop in [StopCondition.none, .strings(["a"])] {
            _ = try await sampler.sample(
                prompt: ModelInput(tokens: [1]), numSamples: 1, params: SamplingParams(maxTokens: 2, stop: stop),
                includePromptLogprobs: false
            ).value
        }
        let sent = try client.transport.bodies("/asample").map { try Wire.SampleRequest(jsonBody: $0).samplingParams.stop }
        #expect(sent == [.tokens([]), .strings(["a"])])
    }
}

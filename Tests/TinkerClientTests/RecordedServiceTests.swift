import Foundation
import Synchronization
import Tensors
import TestSupport
import Testing
import TinkerClient
import TinkerWire
import TrainingAPI

/// The client against answers that were recorded: `skyrl_0.24.1` is a real SkyRL server (JAX, tiny Qwen3), `scripted_0.38.0` a made
/// up service of the current dialect. Answers are taken in the order in which they were recorded, path by path.
struct RecordedServiceTests {
    private struct Answer: Decodable {
        let path: String
        let status: Int
        let future: String?
        let json: String?
        let protobuf: Data?

        var reply: HTTPReply {
            HTTPReply(
                status: status, headers: ["content-type": protobuf == nil ? "application/json" : "application/x-protobuf"],
                body: protobuf.map { Array($0) } ?? Array((json ?? "").utf8))
        }
    }

    private func client(_ name: String) throws -> ClientUnderTest {
        let answers = try Vectors.load([Answer].self, name, in: .module)
        let used = Mutex<[String: Int]>([:])
        return try ClientUnderTest(handling: { request, path in
            if path == "/get_server_capabilities" { return .json(#"{"supported_models":[]}"#) }
            if path == "/retrieve_future" {
                let id = try Wire.RetrieveFutureRequest(jsonBody: request.body ?? []).requestID
                return answers.first { $0.future == id }?.reply ?? .json("{}", status: 404)
            }
            let fitting = answers.filter { $0.path == path }
            let index = used.withLock { used in
                used[path, default: -1] += 1
                return used[path] ?? 0
            }
            return fitting.isEmpty ? .json("{}", status: 404) : fitting[min(index, fitting.count - 1)].reply
        })
    }

    /// The driver's first batch.
    private func datum(_ tokens: [Int], _ weights: [Float]) -> Datum {
        Datum(
            modelInput: ModelInput(tokens: Array(tokens.dropLast())),
            lossFnInputs: ["target_tokens": Tensor(Array(tokens.dropFirst())), "weights": Tensor(weights)])
    }

    @Test("SkyRL's answers are read, and its losses are asked for so that gradients are sums")
    func skyRL() async throws {
        let client = try client("skyrl_0.24.1")
        let trainer = try await client.service.createLoraTrainingClient(baseModel: "tiny-qwen3", config: LoraConfig(rank: 8)).value
        let data = [
            datum([5, 17, 33, 60, 61, 62, 63], [0, 0, 1, 1, 1, 1]), datum([5, 17, 33, 60, 61], [0, 1, 1, 1]),
        ]
        let output = try await trainer.forwardBackward(data, loss: .crossEntropy).value
        #expect(output.lossFnOutputs.map { $0["logprobs"]?.count } == [6, 4])
        let logprobs = output.lossFnOutputs[0]["logprobs"]?.floats ?? []
        #expect(abs(logprobs[0] + 5.7153) < 1e-3)
        var expected = 0.0
        for (datum, outputs) in zip(data, output.lossFnOutputs) {
            let weights = datum.lossFnInputs["weights"]?.floats ?? []
            for (weight, logprob) in zip(weights, outputs["logprobs"]?.floats ?? []) { expected -= Double(weight * logprob) }
        }
        #expect(abs((output.metrics["loss:sum"] ?? 0) - expected) < 1e-5)
        let sent = try Wire.ForwardBackwardRequest(jsonBody: client.transport.bodies("/forward_backward")[0])
        #expect(sent.lossFn == "cispo")
        #expect(sent.lossFnConfig == ["clip_low_threshold": .number(1), "clip_high_threshold": .number(1)])
        #expect(sent.data[0].lossFnInputs["advantages"]?.values == .float32([0, 0, 12, 12, 12, 12]))
        #expect(sent.data[1].lossFnInputs["advantages"]?.values == .float32([0, 8, 8, 8]))
        #expect(sent.data[0].lossFnInputs["weights"] == nil)
        let step = try await trainer.optimStep(AdamParams(learningRate: 1e-3)).value
        #expect(abs((step.metrics["grad_norm"] ?? 0) - 12.0896) < 1e-3)
        await #expect(throws: TrainingError.self) { _ = try await trainer.optimStep(AdamParams(gradClipNorm: 1)).value }
        #expect(try await trainer.saveState(name: "a").value.hasPrefix("tinker://model_28e62b33/weights/"))
        #expect(client.notices.all.contains { $0.contains("SkyRL normalises losses") })
    }

    @Test("The current dialect's answers are read from the session to the sample")
    func current() async throws {
        let client = try client("scripted_0.38.0")
        let trainer = try await client.service.createLoraTrainingClient(baseModel: "fake/tiny", config: LoraConfig(rank: 8)).value
        let data = (0..<5).map { _ in datum([1, 2, 3, 4, 5], [1, 1, 1, 1]) }
        let output = try await trainer.forwardBackward(data, loss: .crossEntropy).value
        #expect(output.lossFnOutputs.count == 5)
        #expect(output.metrics["loss:sum"] != nil)
        #expect(try await trainer.optimStep(AdamParams()).value.metrics == ["grad_norm:mean": 0.1])
        #expect(try await trainer.saveState(name: "st").value.hasSuffix(":train:0/weights/st"))
        let path = try await trainer.saveWeightsForSampler(name: "sa").value
        #expect(path.hasSuffix("/sampler_weights/sa"))
        let sampler = try await client.service.createSamplingClient(modelPath: path).value
        #expect(sampler.baseModel == "fake/tiny")
        let response = try await sampler.sample(
            prompt: ModelInput(tokens: [5, 6, 7, 8]), numSamples: 3, params: SamplingParams(maxTokens: 4), includePromptLogprobs: false
        ).value
        #expect(response.sequences.map(\.tokens) == [[9, 10, 11, 12], [10, 11, 12, 13], [11, 12, 13, 14]])
    }
}

import Engine
import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing
import TrainingAPI

/// The engine over a tiny model, in a temporary folder of its own.
final class TinyService: Sendable {
    /// The model's name.
    static let model = "tiny"

    let service: EngineService
    let folder: URL
    private let ownsFolder: Bool

    /// A new folder with a model in it.
    init(
        _ model: TinyModel = TinyModel(), precision: WeightPrecision = .bfloat16, threads: Int = 2,
        limits: SamplerLimits = SamplerLimits()
    ) throws {
        folder = ScratchFolder.url.appending(path: "engine-\(UUID().uuidString)")
        ownsFolder = true
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try model.build().write(to: folder.appending(path: Self.model + ".gguf"))
        service = Self.service(folder, precision, threads, limits)
    }

    /// Another service over the same models and checkpoints.
    init(
        sharing other: TinyService, threads: Int, memoryBudget: MemoryBudget = .standard, limits: SamplerLimits = SamplerLimits()
    ) {
        folder = other.folder
        ownsFolder = false
        service = Self.service(folder, .bfloat16, threads, limits, memoryBudget)
    }

    deinit {
        if ownsFolder { try? FileManager.default.removeItem(at: folder) }
    }

    private static func service(
        _ folder: URL, _ precision: WeightPrecision, _ threads: Int, _ limits: SamplerLimits,
        _ memoryBudget: MemoryBudget = .standard
    ) -> EngineService {
        EngineService(
            store: ModelStore(folder: folder.path), checkpointFolder: folder.appending(path: "checkpoints"),
            precision: precision, threads: threads, memoryBudget: memoryBudget, limits: limits)
    }

    /// A training client with an adapter that repeats from its seed.
    func trainingClient(
        rank: Int = 4, seed: Int = 1, attention: Bool = true, mlp: Bool = true, unembedding: Bool = true
    ) async throws -> any TrainingClient {
        let config = LoraConfig(
            rank: rank, seed: seed, trainMlp: mlp, trainAttn: attention, trainUnembed: unembedding)
        return try await service.createLoraTrainingClient(baseModel: Self.model, config: config).value
    }

    /// A training client after a few steps, so that no matrix of its adapter is zero.
    func trainedClient(rank: Int = 4, seed: Int = 1, steps: Int = 3) async throws -> any TrainingClient {
        let client = try await trainingClient(rank: rank, seed: seed)
        for step in 0..<steps {
            _ = client.forwardBackward([supervised(length: 20, seed: 100 * seed + step)], loss: .crossEntropy)
            _ = try await client.optimStep(AdamParams(learningRate: 0.02)).value
        }
        return client
    }

    /// A sampling client of the model without an adapter.
    func samplingClient() async throws -> any SamplingClient {
        try await service.createSamplingClient(baseModel: Self.model).value
    }

    /// The folder of a checkpoint.
    func url(_ checkpoint: String) -> URL {
        folder.appending(path: "checkpoints").appending(path: String(checkpoint.dropFirst("tinker://".count)))
    }

    /// The adapter of a saved checkpoint.
    func adapter(_ checkpoint: String) throws -> PEFTAdapter { try PEFTAdapter(folder: url(checkpoint).path) }

    /// The adapter of a client as it is now.
    func adapter(of client: any TrainingClient, name: String = "now") async throws -> PEFTAdapter {
        try adapter(try await client.saveState(name: name).value)
    }
}

/// The number of tokens in a tiny model's vocabulary.
let tinyVocabulary = 267

/// Token ids that repeat from their seed.
func tokens(_ count: Int, seed: Int) -> [Int] {
    var random = SeededRandom(seed, count)
    return (0..<count).map { _ in Int(random.uniform() * Double(tinyVocabulary)) }
}

/// A datum for cross-entropy with random targets, `perPosition` at each place, and random weights of both signs.
func supervised(length: Int, perPosition: Int? = nil, seed: Int) -> Datum {
    let count = length * (perPosition ?? 1)
    let shape = [length] + (perPosition.map { [$0] } ?? [])
    return Datum(
        modelInput: ModelInput(tokens: tokens(length, seed: seed)),
        lossFnInputs: [
            "target_tokens": Tensor(tokens(count, seed: seed + 1), shape: shape),
            "weights": Tensor(noise(count, seed + 2), shape: shape),
        ])
}

/// The datum that asks for the logprob of each token given those before it.
func scoring(_ tokens: [Int]) -> Datum {
    Datum(
        modelInput: ModelInput(tokens: Array(tokens.dropLast())),
        lossFnInputs: [
            "target_tokens": Tensor(Array(tokens.dropFirst())),
            "weights": Tensor([Float](repeating: 1, count: tokens.count - 1)),
        ])
}

extension SamplingClient {
    /// What the engine's sampler has done and holds.
    func statistics() async throws -> SamplerStatistics {
        try await #require(self as? EngineSamplingClient).statistics.value
    }

    /// One request, awaited.
    func draw(
        _ prompt: [Int], samples: Int = 1, _ params: SamplingParams, promptLogprobs: Bool = false
    ) async throws -> SampleResponse {
        try await sample(
            prompt: ModelInput(tokens: prompt), numSamples: samples, params: params,
            includePromptLogprobs: promptLogprobs
        ).value
    }
}

extension ForwardBackwardOutput {
    /// The logprobs of one datum.
    func logprobs(_ index: Int = 0) -> [Float] { lossFnOutputs[index]["logprobs"]?.floats ?? [] }
}

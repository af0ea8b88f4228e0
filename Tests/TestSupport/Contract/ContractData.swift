import Tensors
import TrainingAPI

/// The number of tokens of the tiny model.
let contractVocabulary = 267

/// Ids that repeat from their seed.
func contractTokens(_ count: Int, seed: Int) -> [Int] {
    var random = SeededRandom(seed, count)
    return (0..<count).map { _ in Int(random.uniform() * Double(contractVocabulary)) }
}

private func noise(_ count: Int, seed: Int) -> [Float] {
    var random = SeededRandom(seed, count)
    return (0..<count).map { _ in Float(random.uniform() * 2 - 1) }
}

extension Datum {
    /// Random targets with weights of both signs, `perPosition` at each place.
    static func supervised(_ length: Int, perPosition: Int? = nil, seed: Int) -> Datum {
        let count = length * (perPosition ?? 1)
        let shape = [length] + (perPosition.map { [$0] } ?? [])
        return Datum(
            modelInput: ModelInput(tokens: contractTokens(length, seed: seed)),
            lossFnInputs: [
                "target_tokens": Tensor(contractTokens(count, seed: seed + 1), shape: shape),
                "weights": Tensor(noise(count, seed: seed + 2), shape: shape),
            ])
    }

    /// What the losses of policy gradients take.
    static func policy(_ length: Int, seed: Int) -> Datum {
        Datum(
            modelInput: ModelInput(tokens: contractTokens(length, seed: seed)),
            lossFnInputs: [
                "target_tokens": Tensor(contractTokens(length, seed: seed + 1)),
                // Some ratios lie beyond the bounds of every clipping loss.
                "logprobs": Tensor(noise(length, seed: seed + 2).map { 1.5 * $0 - 5.6 }),
                "advantages": Tensor(noise(length, seed: seed + 3)),
            ])
    }
}

extension ContractSubject {
    /// A training client whose adapter repeats from its seed.
    func trainer(rank: Int = 4, seed: Int = 1) async throws -> any TrainingClient {
        try await service.createLoraTrainingClient(baseModel: model, config: LoraConfig(rank: rank, seed: seed)).value
    }

    /// A training client that has taken a few steps, so that its adapter is not zero.
    func trained(rank: Int = 4, seed: Int = 1, steps: Int = 2) async throws -> any TrainingClient {
        let client = try await trainer(rank: rank, seed: seed)
        try await client.train(0..<steps)
        return client
    }

    /// The model without an adapter.
    func base() async throws -> any SamplingClient { try await service.createSamplingClient(baseModel: model).value }
}

extension TrainingClient {
    /// Steps on data that depend on their number alone, sent without waiting.
    func train(_ steps: Range<Int>) async throws {
        var last: Future<OptimStepOutput>?
        for step in steps {
            _ = forwardBackward([.supervised(20, seed: step)], loss: .crossEntropy)
            last = optimStep(AdamParams(learningRate: 0.02))
        }
        _ = try await last?.value
    }

    /// What the present weights make of a fixed text: equal bits mean equal weights.
    func fingerprint() async throws -> [Double] {
        let output = try await forward([.supervised(40, seed: 77)], loss: .crossEntropy).value
        return output.logprobs.joined().map(Double.init)
    }
}

extension SamplingClient {
    /// What the weights make of a fixed text.
    func fingerprint() async throws -> [Double] {
        try await computeLogprobs(ModelInput(tokens: contractTokens(40, seed: 77))).value.map { $0.map(Double.init) ?? .infinity }
    }

    /// One request, awaited.
    func draw(
        _ prompt: [Int], samples: Int = 1, _ params: SamplingParams, promptLogprobs: Bool = false
    ) async throws -> SampleResponse {
        try await sample(
            prompt: ModelInput(tokens: prompt), numSamples: samples, params: params, includePromptLogprobs: promptLogprobs
        ).value
    }
}

extension ForwardBackwardOutput {
    /// The logprobs of each datum.
    var logprobs: [[Float]] { lossFnOutputs.map { $0["logprobs"]?.floats ?? [] } }
    /// All of them in a row.
    var flatLogprobs: [Float?] { logprobs.joined().map(Optional.init) }
}

extension SampleResponse {
    /// All that was drawn, as numbers.
    var numbers: [Double] {
        sequences.flatMap { $0.tokens.map(Double.init) + $0.logprobs.map(Double.init) }
    }
}

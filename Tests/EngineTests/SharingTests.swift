import Engine
import ModelFiles
import Tensors
import TestSupport
import Testing
import TrainingAPI

extension SerialTests {
    /// What sequences begin with in common is computed once; nobody can tell from the results.
    @Suite("Shared prefixes")
    struct SharingTests {
        private let tiny: TinyService

        init() throws {
            var model = TinyModel()
            model.contextLength = 1300
            tiny = try TinyService(model)
        }

        private static let params = AdamParams(learningRate: 0.01, weightDecay: 0.1)

        /// Sequences that share prefixes, with runs from one token to more than a tile of attention.
        private func family(_ count: Int, seed: Int) -> [[Int]] {
            branchingSequences(count, seed: seed, alphabet: 5, longest: seed % 7 == 0 ? 150 : 30).map { $0 + [seed % 5] }
        }

        private func datum(_ tokens: [Int], seed: Int) -> Datum {
            var datum = supervised(length: tokens.count, seed: seed)
            datum.modelInput.tokens = tokens
            return datum
        }

        @Test("logprobs have the same bits alone and among any others, in any order, for any number of threads")
        func logprobs() async throws {
            let checkpoint = try await tiny.trainedClient().saveState(name: "trained").value
            var clients: [(training: any TrainingClient, sampling: any SamplingClient)] = []
            for threads in [1, 2, 3] {
                let service = TinyService(sharing: tiny, threads: threads).service
                let training = try await service.createTrainingClient(fromState: checkpoint, withOptimizer: false).value
                clients.append((training, try await training.saveWeightsAndGetSamplingClient(name: nil).value))
            }
            for seed in 0..<200 {
                let sequences = family(2 + seed % 7, seed: seed)
                let (training, sampling) = clients[seed % clients.count]
                let together = try await training.forward(sequences.map { scoring($0 + [1]) }, loss: .crossEntropy).value
                let scores = try await sampling.scoreNextTokens(
                    sequences.map { ModelInput(tokens: $0) }, candidates: [1, 7]
                ).value
                for (index, sequence) in sequences.enumerated() {
                    let alone = try await clients[(seed + index) % clients.count].sampling.computeLogprobs(
                        ModelInput(tokens: sequence + [1])
                    ).value
                    #expect(together.logprobs(index).bits == alone.dropFirst().compactMap(\.self).bits)
                    #expect(scores[index][0].bitPattern == alone.last??.bitPattern)
                }
            }
        }

        /// The adapter after one step with a gradient that a body has gathered: minus the gradient, up to what it was.
        private func adapter(
            after body: (any TrainingClient) async throws -> Void, from checkpoint: String, threads: Int = 2,
            memoryBudget: MemoryBudget = .standard, _ params: AdamParams = Self.params
        ) async throws -> PEFTAdapter {
            let other = TinyService(sharing: tiny, threads: threads, memoryBudget: memoryBudget)
            let client = try await other.service.createTrainingClient(fromState: checkpoint, withOptimizer: false).value
            try await body(client)
            _ = try await client.optimStep(params).value
            return try await other.adapter(of: client)
        }

        @Test("gradients agree with those of every datum computed on its own", arguments: 1..<5)
        func gradients(seed: Int) async throws {
            let checkpoint = try await tiny.trainedClient().saveState(name: "trained").value
            let data = family(9, seed: 7 * seed).enumerated().map { datum($1, seed: $0) }
            // Without momentum and with an epsilon far beyond any gradient, AdamW moves each weight by minus its gradient.
            let params = AdamParams(learningRate: 1e9, beta1: 0, beta2: 0, eps: 1e9)
            let before = try tiny.adapter(checkpoint)
            let shared = try await adapter(
                after: { _ = try await $0.forwardBackward(data, loss: .crossEntropy).value }, from: checkpoint, params)
            let alone = try await adapter(
                after: { client in
                    for datum in data { _ = try await client.forwardBackward([datum], loss: .crossEntropy).value }
                }, from: checkpoint, params)
            for (place, old) in before.factors {
                let (a, b) = (try #require(shared.factors[place]), try #require(alone.factors[place]))
                for (old, got, expected) in [(old.a, a.a, b.a), (old.b, a.b, b.b)] {
                    let largest = zip(old, expected).map { abs($0 - $1) }.max() ?? 0
                    #expect(largest > 0)
                    #expect(zip(got, expected).allSatisfy { abs($0 - $1) < 1e-5 * max(largest, 1) }, "\(place)")
                }
            }
        }

        @Test("training on groups repeats bit for bit, whatever the threads and the order of the data")
        func repeats() async throws {
            let checkpoint = try await tiny.trainedClient().saveState(name: "trained").value
            // Equal sequences may carry different weights, and then keep their order.
            var sequences = Set<[Int]>()
            let data = (0..<4).flatMap { family(12, seed: 7 * $0) }.filter { sequences.insert($0).inserted }
                .enumerated().map { datum($1, seed: $0) }
            #expect(data.reduce(0) { $0 + $1.modelInput.length } > 1024)
            var results: [PEFTAdapter] = []
            for (threads, data) in [(1, data), (3, data), (2, data.reversed())] {
                results.append(
                    try await adapter(
                        after: { client in
                            for _ in 0..<2 {
                                _ = client.forwardBackward(data, loss: .crossEntropy)
                                _ = client.optimStep(Self.params)
                            }
                        }, from: checkpoint, threads: threads))
            }
            #expect(results[0] == results[1] && results[0] == results[2])
        }

        @Test("a failed or cancelled call leaves the gradient of earlier calls as it was")
        func failures() async throws {
            let checkpoint = try await tiny.trainedClient().saveState(name: "trained").value
            let good = [datum(tokens(40, seed: 1), seed: 1)]
            let expected = try await adapter(
                after: { _ = try await $0.forwardBackward(good, loss: .crossEntropy).value }, from: checkpoint)
            // Enough for two passes; the second ends in a ratio beyond all numbers, after the first has added its gradient.
            let bad = (0..<4).map { index in
                Datum(
                    modelInput: ModelInput(tokens: [index] + tokens(400, seed: index)),
                    lossFnInputs: [
                        "target_tokens": Tensor(tokens(401, seed: 9)),
                        "advantages": Tensor([Float](repeating: 1, count: 401)),
                        "logprobs": Tensor([Float](repeating: index == 3 ? -2000 : -5, count: 401)),
                    ])
            }
            for isFirst in [true, false] {
                let got = try await adapter(
                    after: { client in
                        if !isFirst { _ = try await client.forwardBackward(good, loss: .crossEntropy).value }
                        await #expect(throws: TrainingError.notFinite("the loss of datum 4")) {
                            try await client.forwardBackward(bad, loss: .importanceSampling).value
                        }
                        await #expect(throws: TrainingError.cancelled) {
                            try await client.forwardBackwardCustom(good) { _, _ in throw TrainingError.cancelled }.value
                        }
                        if isFirst { _ = try await client.forwardBackward(good, loss: .crossEntropy).value }
                    }, from: checkpoint)
                #expect(got == expected)
            }
        }

        @Test("a datum too long for the memory budget is refused, and shorter ones give the same with passes computed again")
        func memoryBudget() async throws {
            let checkpoint = try await tiny.trainedClient().saveState(name: "trained").value
            let small = MemoryBudget(bytes: 400_000)
            let data = (0..<8).map { datum(tokens(30, seed: $0), seed: $0) }
            let named: CustomLoss = { data, logprobs in
                let gradients = zip(data, logprobs).map { datum, logprobs in
                    Tensor((datum.lossFnInputs["weights"]?.floats ?? []).map { -$0 }, shape: logprobs.shape)
                }
                return CustomLossResult(loss: 0, gradients: gradients)
            }
            let direct = try await adapter(
                after: { client in
                    let error = await #expect(throws: TrainingError.self) {
                        try await client.forwardBackward([supervised(length: 200, seed: 1)], loss: .crossEntropy).value
                    }
                    guard case .memoryExceeded(tokens: 200, let limit, datum: 0) = error, (30..<200).contains(limit) else {
                        Issue.record("\(String(describing: error))")
                        return
                    }
                    _ = try await client.forwardBackward(data, loss: .crossEntropy).value
                }, from: checkpoint, memoryBudget: small)
            let custom = try await adapter(
                after: { _ = try await $0.forwardBackwardCustom(data, loss: named).value }, from: checkpoint,
                memoryBudget: small)
            #expect(custom == direct)
        }

        @Test("a sequence whose activations do not fit is trained on with its layers computed again, to the same bits")
        func recomputation() async throws {
            let checkpoint = try await tiny.trainedClient().saveState(name: "trained").value
            let long = [supervised(length: 200, seed: 1)]
            let small = 400_000
            var limit = 0
            _ = try await adapter(
                after: { client in
                    let error = await #expect(throws: TrainingError.self) {
                        try await client.forwardBackward(long, loss: .crossEntropy).value
                    }
                    if case .memoryExceeded(tokens: 200, limit: let found, datum: 0) = error { limit = found }
                }, from: checkpoint, memoryBudget: MemoryBudget(bytes: small))
            let train: (any TrainingClient) async throws -> Void = {
                _ = try await $0.forwardBackward(long, loss: .crossEntropy).value
            }
            // Just enough for the sequence with the inputs of its layers alone.
            let tight = MemoryBudget(bytes: small * 200 / max(limit, 1) + small / 50)
            let recomputed = try await adapter(after: train, from: checkpoint, memoryBudget: tight)
            #expect(try await adapter(after: train, from: checkpoint) == recomputed)
        }
    }
}

import Engine
import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing
import TrainingAPI

extension SerialTests {
    @Suite("The engine and a float64 transformer")
    struct GradientTests {
        /// Which parts of the model an adapter changes.
        struct Part: Sendable, CustomTestStringConvertible {
            var attention = false, mlp = false, unembedding = false
            var testDescription: String {
                [(attention, "attention"), (mlp, "MLP"), (unembedding, "unembedding")].filter(\.0).map(\.1).joined(
                    separator: ", ")
            }
        }

        static let parts = [
            Part(attention: true), Part(mlp: true), Part(unembedding: true),
            Part(attention: true, mlp: true, unembedding: true),
        ]

        private let data = [
            supervised(length: 1, seed: 1), supervised(length: 7, perPosition: 2, seed: 2),
            supervised(length: 12, seed: 3),
            supervised(length: 19, perPosition: 2, seed: 4),
        ]

        private func reference(_ tiny: TinyService) throws -> ReferenceTransformer {
            try ReferenceTransformer(GGUFFile(path: tiny.folder.appending(path: TinyService.model + ".gguf").path))
        }

        /// The cross-entropy of data, in float64.
        private func loss(_ model: ReferenceTransformer, _ data: [Datum]) -> Double {
            data.reduce(0) { sum, datum in
                let weights = datum.lossFnInputs["weights"]?.doubles ?? []
                return sum - targetLogprobs(model, datum).dot(weights)
            }
        }

        private func targetLogprobs(_ model: ReferenceTransformer, _ datum: Datum) -> [Double] {
            let rows = model.logprobs(datum.modelInput.tokens),
                targets = datum.lossFnInputs["target_tokens"]?.ints ?? []
            let perPosition = targets.count / rows.count
            return targets.enumerated().map { rows[$0 / perPosition][$1] }
        }

        /// The accumulated gradient of every factor. Without momentum and with an epsilon far beyond any gradient, AdamW moves
        /// each weight by minus its gradient.
        private func takeGradient(_ client: any TrainingClient, _ tiny: TinyService, from before: PEFTAdapter)
            async throws
            -> [PEFTAdapter.Place: (a: [Double], b: [Double])]
        {
            _ = try await client.optimStep(AdamParams(learningRate: 1e9, beta1: 0, beta2: 0, eps: 1e9)).value
            let after = try await tiny.adapter(of: client, name: "after")
            return before.factors.reduce(into: [:]) { result, entry in
                let (old, new) = (entry.value, after.factors[entry.key] ?? entry.value)
                func difference(_ old: [Float], _ new: [Float]) -> [Double] {
                    zip(old, new).map { Double($0) - Double($1) }
                }
                result[entry.key] = (difference(old.a, new.a), difference(old.b, new.b))
            }
        }

        /// Compares some entries of every factor's gradient with central differences of the reference.
        private func check(
            _ gradient: [PEFTAdapter.Place: (a: [Double], b: [Double])], _ adapter: PEFTAdapter,
            _ model: ReferenceTransformer,
            _ data: [Datum], entries: Int
        ) {
            let scale = adapter.alpha / Double(adapter.rank), step = 1e-5
            for (place, factors) in adapter.factors.sorted(by: { $0.key < $1.key }) {
                var random = SeededRandom(place.layer, PEFTAdapter.Module.allCases.firstIndex(of: place.module) ?? 0)
                for isA in [true, false] {
                    let got = (isA ? gradient[place]?.a : gradient[place]?.b) ?? []
                    let largest = got.map(abs).max() ?? 0
                    #expect(largest > 1e-3, "no gradient for \(place)")
                    for _ in 0..<entries {
                        let index = Int.random(in: got.indices, using: &random)
                        func moved(by amount: Double) -> Double {
                            var (a, b) = (factors.a.map(Double.init), factors.b.map(Double.init))
                            if isA { a[index] += amount } else { b[index] += amount }
                            var model = model
                            model.load(place, a: a, b: b, scale: scale)
                            return loss(model, data)
                        }
                        let expected = (moved(by: step) - moved(by: -step)) / (2 * step)
                        #expect(
                            abs(got[index] - expected) < 5e-5 * largest,
                            "\(place.module) of layer \(place.layer), \(isA ? "A" : "B")[\(index)]: \(got[index]), not \(expected)"
                        )
                    }
                }
            }
        }

        /// A client whose B matrices are no longer zero.
        private func client(_ tiny: TinyService, rank: Int, _ part: Part) async throws -> any TrainingClient {
            let client = try await tiny.trainingClient(
                rank: rank, attention: part.attention, mlp: part.mlp, unembedding: part.unembedding)
            for _ in 0..<3 {
                _ = client.forwardBackward(data, loss: .crossEntropy)
                _ = client.optimStep(AdamParams(learningRate: 0.01))
            }
            return client
        }

        @Test("the gradient of every adapter matrix agrees with finite differences", arguments: parts, [3, 16])
        func gradients(part: Part, rank: Int) async throws {
            let tiny = try TinyService(precision: .float32)
            let client = try await client(tiny, rank: rank, part)
            let before = try await tiny.adapter(of: client)
            var model = try reference(tiny)
            #expect(before.rank == rank && before.alpha == 32)
            #expect(
                before.factors.keys.sorted()
                    == model.places.filter { place in
                        switch place.module {
                        case .query, .key, .value, .output: part.attention
                        case .gate, .up, .down: part.mlp
                        case .unembedding: part.unembedding
                        }
                    })
            model.load(before)
            // Two calls: gradients accumulate until a step.
            _ = client.forwardBackward(Array(data[..<2]), loss: .crossEntropy)
            _ = client.forwardBackward(Array(data[2...]), loss: .crossEntropy)
            let gradient = try await takeGradient(client, tiny, from: before)
            check(gradient, before, model, data, entries: 4)
        }

        @Test("gradients of more data than one pass takes agree with finite differences")
        func manyPasses() async throws {
            var small = TinyModel()
            (small.layers, small.kvHeads, small.tiedEmbeddings) = (1, 4, false)
            let tiny = try TinyService(small, precision: .float32)
            let client = try await client(tiny, rank: 5, Part(attention: true, mlp: true, unembedding: true))
            let long = [
                supervised(length: 250, seed: 5), supervised(length: 190, seed: 6), supervised(length: 230, seed: 7),
            ]
            let before = try await tiny.adapter(of: client)
            var model = try reference(tiny)
            model.load(before)
            let output = try await client.forwardBackward(long, loss: .crossEntropy).value
            #expect(abs((output.metrics["loss:sum"] ?? 0) - loss(model, long)) < 1e-3)
            let gradient = try await takeGradient(client, tiny, from: before)
            check(gradient, before, model, long, entries: 1)
        }

        @Test("logprobs agree with float64, before and after training, in shapes [N] and [N, 2]")
        func logprobs() async throws {
            let tiny = try TinyService(precision: .float32)
            let client = try await tiny.trainingClient(rank: 3)
            var model = try reference(tiny)
            for trained in [false, true] {
                if trained {
                    for _ in 0..<4 {
                        _ = client.forwardBackward(data, loss: .crossEntropy)
                        _ = client.optimStep(AdamParams(learningRate: 0.02))
                    }
                    let untrained = loss(model, data)
                    model.load(try await tiny.adapter(of: client))
                    #expect(loss(model, data) < untrained - 1)
                }
                let output = try await client.forward(data, loss: .crossEntropy).value
                for (index, datum) in data.enumerated() {
                    #expect(distance(output.logprobs(index), targetLogprobs(model, datum)) < 2e-5)
                    #expect(
                        output.lossFnOutputs[index]["logprobs"]?.shape == datum.lossFnInputs["target_tokens"]?.shape)
                }
                #expect(abs((output.metrics["loss:sum"] ?? 0) - loss(model, data)) < 1e-3)
            }
        }

        @Test("a custom loss with the same derivatives gives the same bits as the named one")
        func customLoss() async throws {
            let tiny = try TinyService(precision: .float32)
            let long =
                data + [
                    supervised(length: 250, seed: 5), supervised(length: 240, seed: 6), supervised(length: 9, seed: 7),
                ]
            let named = try await tiny.trainingClient(), custom = try await tiny.trainingClient()
            for step in 0..<3 {
                let expected = named.forwardBackward(long, loss: .crossEntropy)
                let got = custom.forwardBackwardCustom(long) { data, logprobs in
                    let weights = data.map { $0.lossFnInputs["weights"]?.floats ?? [] }
                    let loss = zip(weights, logprobs).reduce(0) { $0 - $1.0.doubles.dot($1.1.doubles) }
                    let gradients = zip(weights, logprobs).map { Tensor($0.map { -$0 }, shape: $1.shape) }
                    return CustomLossResult(loss: loss, gradients: gradients, metrics: ["step": Double(step)])
                }
                let (a, b) = (try await expected.value, try await got.value)
                #expect(long.indices.allSatisfy { a.logprobs($0).bits == b.logprobs($0).bits })
                #expect(abs((a.metrics["loss:sum"] ?? 0) - (b.metrics["loss:sum"] ?? 1)) < 1e-6)
                #expect(b.metrics["step"] == Double(step))
                for client in [named, custom] { _ = client.optimStep(AdamParams(learningRate: 0.01)) }
            }
            let (first, second) = (try await tiny.adapter(of: named), try await tiny.adapter(of: custom))
            #expect(first == second)
        }

        @Test("targets without weight read 0 and change no gradient")
        func maskedTargets() async throws {
            let tiny = try TinyService(precision: .float32)
            let one = try await tiny.trainingClient(), other = try await tiny.trainingClient()
            var datum = supervised(length: 12, seed: 1), changed = datum
            var weights = noise(12, 2)
            for masked in 0..<8 { weights[masked] = 0 }
            datum.lossFnInputs["weights"] = Tensor(weights)
            changed.lossFnInputs["weights"] = Tensor(weights)
            let targets = datum.lossFnInputs["target_tokens"]?.ints ?? []
            changed.lossFnInputs["target_tokens"] = Tensor(tokens(8, seed: 9) + targets[8...])
            let output = try await one.forwardBackward([datum], loss: .crossEntropy).value
            #expect(output.logprobs()[..<8].allSatisfy { $0 == 0 } && output.logprobs()[8...].allSatisfy { $0 < 0 })
            _ = other.forwardBackward([changed], loss: .crossEntropy)
            for client in [one, other] { _ = client.optimStep(AdamParams(learningRate: 0.01)) }
            let (first, second) = (try await tiny.adapter(of: one), try await tiny.adapter(of: other))
            #expect(first == second)
        }
    }
}

import Engine
import Foundation
import ModelFiles
import TestSupport
import Testing
import TrainingAPI

extension SerialTests {
    @Suite("Checkpoints")
    struct CheckpointTests {
        private let tiny: TinyService

        init() throws { tiny = try TinyService() }

        private func train(_ client: any TrainingClient, _ steps: Range<Int>) {
            for step in steps {
                _ = client.forwardBackward([supervised(length: 20, seed: step)], loss: .crossEntropy)
                _ = client.optimStep(AdamParams(learningRate: 0.01))
            }
        }

        @Test("a resumed run equals the uninterrupted one, bit for bit", arguments: [3, 16])
        func resume(rank: Int) async throws {
            let client = try await tiny.trainingClient(rank: rank)
            train(client, 0..<3)
            let path = try await client.saveState(name: "third").value
            train(client, 3..<6)
            let expected = try await tiny.adapter(of: client)

            let resumed = try await tiny.service.createTrainingClient(fromState: path, withOptimizer: true).value
            #expect(resumed.loraConfig.rank == rank)
            #expect(try await tiny.adapter(of: resumed) == tiny.adapter(path))
            train(resumed, 3..<6)
            #expect(try await tiny.adapter(of: resumed) == expected)

            // Into a client that has gone elsewhere, with a gradient that no step has taken.
            let loaded = try await tiny.trainedClient(rank: rank, seed: 9)
            _ = loaded.forwardBackward([supervised(length: 30, seed: 8)], loss: .crossEntropy)
            try await loaded.loadStateWithOptimizer(path: path).value
            train(loaded, 3..<6)
            #expect(try await tiny.adapter(of: loaded) == expected)
        }

        @Test("loading without the optimizer starts a fresh one")
        func freshOptimizer() async throws {
            let client = try await tiny.trainedClient()
            let path = try await client.saveState(name: "trained").value
            let fresh = try await tiny.service.createTrainingClient(fromState: path, withOptimizer: false).value
            try await client.loadState(path: path).value
            train(fresh, 0..<2)
            train(client, 0..<2)
            let expected = try await tiny.adapter(of: client)
            #expect(try await tiny.adapter(of: fresh) == expected)
            let kept = try await tiny.service.createTrainingClient(fromState: path, withOptimizer: true).value
            train(kept, 0..<2)
            #expect(try await tiny.adapter(of: kept) != expected)
        }

        @Test("saving under the same name again replaces the checkpoint")
        func replace() async throws {
            let client = try await tiny.trainedClient()
            let first = try await tiny.adapter(of: client, name: "same")
            train(client, 0..<1)
            #expect(try await tiny.adapter(of: client, name: "same") != first)
        }

        @Test("paths name the run, the kind and the checkpoint")
        func paths() async throws {
            let client = try await tiny.trainingClient()
            let run = try #require(client as? EngineTrainingClient).run
            #expect(try await client.saveState(name: "a-1").value == "tinker://\(run)/weights/a-1")
            #expect(
                try await client.saveWeightsForSampler(name: "b_2.x").value == "tinker://\(run)/sampler_weights/b_2.x")
            for name in ["", ".", "..", "a/b", "../a", ".hidden", "a b"] {
                let error = await #expect(throws: TrainingError.self) { try await client.saveState(name: name).value }
                #expect(error?.kind == .usage)
            }
        }

        /// Every way to load a path.
        private func loads(_ path: String, into client: any TrainingClient) -> [@Sendable () async throws -> Void] {
            [
                { try await client.loadState(path: path).value },
                { try await client.loadStateWithOptimizer(path: path).value },
                { [tiny] in _ = try await tiny.service.createTrainingClient(fromState: path, withOptimizer: true).value
                },
                { [tiny] in _ = try await tiny.service.createSamplingClient(modelPath: path).value },
            ]
        }

        @Test("a path without a checkpoint, or that is none, is refused and changes nothing")
        func badPaths() async throws {
            let client = try await tiny.trainedClient()
            let before = try await tiny.adapter(of: client)
            for path in ["tinker://nobody/weights/x", "tinker://nobody/sampler_weights/x"] {
                for load in loads(path, into: client) {
                    await #expect(throws: TrainingError.checkpointNotFound(path)) { try await load() }
                }
            }
            for path in [
                "", "x", "/etc/passwd", "tinker://run/weights", "tinker://run/other/x", "tinker://../weights/x",
            ] {
                for load in loads(path, into: client) {
                    let error = await #expect(throws: TrainingError.self) { try await load() }
                    #expect(error?.kind == .usage)
                }
            }
            #expect(try await tiny.adapter(of: client) == before)
        }

        @Test("a checkpoint of another rank, other parts or another model is refused and changes nothing")
        func mismatch() async throws {
            let client = try await tiny.trainedClient(rank: 4)
            let before = try await tiny.adapter(of: client)
            try TinyModel().build().write(to: tiny.folder.appending(path: "other.gguf"))
            let other = try await tiny.service.createLoraTrainingClient(
                baseModel: "other", config: LoraConfig(rank: 4, seed: 1)
            ).value
            let strangers = [
                try await tiny.trainingClient(rank: 5), try await tiny.trainingClient(rank: 4, mlp: false), other,
            ]
            for stranger in strangers {
                let path = try await stranger.saveState(name: "x").value
                for load in loads(path, into: client)[..<2] {
                    let error = await #expect(throws: TrainingError.self) { try await load() }
                    guard case .checkpointMismatch = error else {
                        Issue.record("\(String(describing: error))")
                        continue
                    }
                }
            }
            #expect(try await tiny.adapter(of: client) == before)
        }

        @Test("sampler weights have no optimizer, and say so where one is wanted")
        func samplerWeights() async throws {
            let client = try await tiny.trainedClient()
            let path = try await client.saveWeightsForSampler(name: "x").value
            let expected = try await tiny.adapter(of: client)
            #expect(try tiny.adapter(path) == expected)
            train(client, 0..<1)
            try await client.loadState(path: path).value
            #expect(try await tiny.adapter(of: client) == expected)
            let error = await #expect(throws: TrainingError.self) {
                try await client.loadStateWithOptimizer(path: path).value
            }
            #expect(error?.kind == .model)
            await #expect(throws: TrainingError.self) {
                try await tiny.service.createTrainingClient(fromState: path, withOptimizer: true).value
            }
        }

        @Test("a damaged checkpoint is refused and changes nothing")
        func damaged() async throws {
            let client = try await tiny.trainedClient(rank: 4)
            let before = try await tiny.adapter(of: client)
            let path = try await client.saveState(name: "damaged").value
            let folder = tiny.url(path)
            func damage(_ file: String, _ change: (URL) throws -> Void) async throws {
                let url = folder.appending(path: file)
                let intact = try Data(contentsOf: url)
                try change(url)
                await #expect(throws: (any Error).self, "\(file)") {
                    try await client.loadStateWithOptimizer(path: path).value
                }
                await #expect(throws: (any Error).self, "\(file)") {
                    try await tiny.service.createTrainingClient(fromState: path, withOptimizer: true).value
                }
                try intact.write(to: url)
            }
            let files = ["adapter_config.json", "adapter_model.safetensors", "optimizer.safetensors"]
            for file in files {
                try await damage(file) { try Data(contentsOf: $0).dropLast(7).write(to: $0) }
                try await damage(file) { try Data().write(to: $0) }
            }
            // Well-formed, but moments of fewer weights than there are.
            try await damage("optimizer.safetensors") { url in
                var writer = SafetensorsWriter(metadata: ["step": "3"])
                for name in ["exp_avg", "exp_avg_sq"] { writer.add(name, shape: [5], [Float](repeating: 0, count: 5)) }
                try writer.write(to: url.path)
            }
            // Another scale than this engine computes with would be another model.
            try await damage("adapter_config.json") { _ in
                var adapter = try PEFTAdapter(folder: folder.path)
                adapter.alpha = 64
                try adapter.write(to: folder.path)
            }
            #expect(try await tiny.adapter(of: client) == before)
            try await client.loadStateWithOptimizer(path: path).value
        }
    }
}

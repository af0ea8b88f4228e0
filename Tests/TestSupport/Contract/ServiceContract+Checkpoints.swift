import Foundation
import ModelFiles
import Tensors
import TrainingAPI

extension ServiceContract {
    static let checkpoints = [
        ServiceContract(description: "a run resumed with its optimizer equals the uninterrupted one") { subject in
            let client = try await subject.trained()
            let path = try await client.saveState(name: "two").value
            try require(path.hasPrefix("tinker://") && path.hasSuffix("/weights/two"), path)
            try await client.train(2..<4)
            let expected = try await client.fingerprint()
            let resumed = try await subject.service.createTrainingClient(fromState: path, withOptimizer: true).value
            try require(resumed.loraConfig.rank == 4 && resumed.baseModel == subject.model, "another adapter")
            try await resumed.train(2..<4)
            try require(subject.agree(try await resumed.fingerprint(), expected), "the resumed run differs")
            if subject.lacks.contains(.plainLoads) {
                try await requireError(.usage, "leaving the optimizer out") {
                    _ = try await subject.service.createTrainingClient(fromState: path, withOptimizer: false).value
                }
                return expected
            }
            let fresh = try await subject.service.createTrainingClient(fromState: path, withOptimizer: false).value
            try await fresh.train(2..<4)
            try require(!subject.agree(try await fresh.fingerprint(), expected), "the optimizer was not left out")
            return expected
        },
        ServiceContract(description: "a fresh client loads saved weights, with the optimizer or without") { subject in
            let client = try await subject.trained()
            let path = try await client.saveState(name: subject.lacks.contains(.dottedNames) ? "a-b_1" : "a.b-c_1").value
            let saved = try await client.fingerprint()
            try await client.train(2..<3)
            let next = try await client.fingerprint()
            let with = try await subject.trainer(seed: 5), without = try await subject.trainer(seed: 5)
            try await with.loadStateWithOptimizer(path: path).value
            try require(subject.agree(try await with.fingerprint(), saved), "the weights are not loaded")
            try await with.train(2..<3)
            try require(subject.agree(try await with.fingerprint(), next), "the optimizer is not loaded")
            if subject.lacks.contains(.plainLoads) {
                try await requireError(.usage, "leaving the optimizer out") { try await without.loadState(path: path).value }
                return next
            }
            try await without.loadState(path: path).value
            try require(subject.agree(try await without.fingerprint(), saved), "the weights are not loaded")
            try await without.train(2..<3)
            try require(!subject.agree(try await without.fingerprint(), next), "the optimizer is loaded")
            return next
        },
        ServiceContract(description: "sampling clients keep their weights while training goes on") { subject in
            let client = try await subject.trained()
            let snapshot = try await client.saveWeightsAndGetSamplingClient(name: nil).value
            let named = try await client.saveWeightsAndGetSamplingClient(name: "kept").value
            let path = try await client.saveWeightsForSampler(name: "other").value
            try require(path.hasSuffix("/sampler_weights/other"), path)
            let before = try await snapshot.fingerprint()
            try require(subject.agree(try await named.fingerprint(), before), "saved weights differ")
            try await client.train(2..<3)
            let saved = try await subject.service.createSamplingClient(modelPath: path).value
            try require(saved.baseModel == subject.model, "another base model")
            for client in [snapshot, named, saved] {
                if subject.lacks.contains(.snapshots) {
                    try await requireError(.usage, "sampling older weights") { _ = try await client.fingerprint() }
                } else {
                    try require(subject.agree(try await client.fingerprint(), before), "saved weights have changed")
                }
            }
            let now = try await client.saveWeightsAndGetSamplingClient(name: nil).value
            try require(!subject.agree(try await now.fingerprint(), before), "training changes nothing")
            return before
        },
        ServiceContract(description: "the same name again replaces the checkpoint") { subject in
            let client = try await subject.trained()
            _ = try await client.saveState(name: "same").value
            try await client.train(2..<3)
            let again = client.saveState(name: "same")
            if subject.lacks.contains(.overwriting) {
                try await requireError(.service, "a name that is taken") { _ = try await again.value }
                return []
            }
            let path = try await again.value
            let fingerprint = try await client.fingerprint()
            let loaded = try await subject.service.createTrainingClient(fromState: path, withOptimizer: false).value
            try require(try await loaded.fingerprint() == fingerprint, "the first one is still there")
            return fingerprint
        },
        ServiceContract(description: "runs and checkpoints are listed, described, downloaded and deleted") { subject in
            guard let rest = subject.service.restClient else { throw ContractViolation(description: "there is no list") }
            let client = try await subject.trained()
            let state = try await client.saveState(name: "listed").value
            let sampler = try await client.saveWeightsForSampler(name: "listed").value
            let run = String(state.dropFirst("tinker://".count).prefix { $0 != "/" })
            let described = try await rest.trainingRun(run).value
            try require(described.baseModel == subject.model && described.loraRank == 4, "\(described)")
            let isBrief = subject.lacks.contains(.bookkeeping)
            try require(
                isBrief || described.lastCheckpoint?.path == state && described.lastSamplerCheckpoint?.path == sampler,
                "\(described)")
            try require(try await rest.trainingRuns(limit: 100, offset: 0).value.contains { $0.id == run }, "the run is not listed")
            let checkpoints = try await rest.checkpoints(ofRun: run).value
            try require(Set(checkpoints.map(\.path)) == [state, sampler], "\(checkpoints)")
            try require(Set(checkpoints.map(\.id)) == ["weights/listed", "sampler_weights/listed"], "\(checkpoints)")
            if !isBrief {
                try require(checkpoints.allSatisfy { ($0.sizeBytes ?? 0) > 0 && !$0.isPublic }, "\(checkpoints)")
                let newest = try await rest.checkpoints(limit: 1000, offset: 0).value
                try require(newest.contains { $0.path == state }, "the checkpoint is not among the user's")
            }
            try require(try await rest.weightsInfo(path: sampler).value == WeightsInfo(baseModel: subject.model, loraRank: 4), "info")

            let folder = ScratchFolder.url.appending(path: "adapter-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            let files = try await rest.download(path: sampler, to: folder.path) { _, _ in }.value.files
            let weights = files.first { $0.name == "adapter_model.safetensors" }
            try require(weights.map { $0.bytes > 0 && $0.sha256.count == 64 } == true, "\(files)")
            try require(try PEFTAdapter(folder: folder.path).rank == 4, "no adapter in PEFT's format")
            if isBrief {
                try await requireError(.service, "deleting it") { try await rest.deleteCheckpoint(path: sampler).value }
                return []
            }

            for path in [state, sampler] {
                try await rest.deleteCheckpoint(path: path).value
                try await requireError(.io, "deleting it again") { try await rest.deleteCheckpoint(path: path).value }
                try await requireError(.io, "sampling it") { _ = try await subject.service.createSamplingClient(modelPath: path).value }
            }
            try require(try await rest.checkpoints(ofRun: run).value.isEmpty, "deleted checkpoints are listed")
            return files.filter { $0.name.hasPrefix("adapter") }.map { Double($0.bytes) }
        },
    ]

    static let refusals = [
        ServiceContract(description: "unknown models are refused by name") { subject in
            for create in [
                { _ = try await subject.service.createLoraTrainingClient(baseModel: "no such", config: LoraConfig()).value },
                { _ = try await subject.service.createSamplingClient(baseModel: "no such").value },
            ] as [() async throws -> Void] {
                do { try await create() } catch {
                    try require("\(error)".contains("unknown model 'no such'"), "\(error)")
                    continue
                }
                throw ContractViolation(description: "a model that nobody has is opened")
            }
            return []
        },
        ServiceContract(description: "paths without a checkpoint, or that are none, are refused") { subject in
            let withOptimizer = subject.lacks.contains(.plainLoads)
            for path in ["tinker://nobody:train:0/weights/x", "tinker://nobody:train:0/sampler_weights/x"] {
                try await requireError(.io, path) {
                    _ = try await subject.service.createTrainingClient(fromState: path, withOptimizer: withOptimizer).value
                }
                try await requireError(.io, path) { _ = try await subject.service.createSamplingClient(modelPath: path).value }
            }
            for path in ["", "x", "/etc/passwd", "tinker://run/other/x"] {
                try await requireError(.usage, "'\(path)'") {
                    _ = try await subject.service.createTrainingClient(fromState: path, withOptimizer: withOptimizer).value
                }
                try await requireError(.usage, "'\(path)'") {
                    _ = try await subject.service.createSamplingClient(modelPath: path).value
                }
            }
            return []
        },
        ServiceContract(description: "data that make no sense are refused and leave no gradient") { subject in
            let client = try await subject.trained()
            let good = Datum.supervised(6, seed: 1)
            func refuse(_ what: String, _ change: (inout Datum) -> Void) async throws {
                var datum = good
                change(&datum)
                let data = [good, datum]
                try await requireError(.data, orOfService: true, what) {
                    _ = try await client.forwardBackward(data, loss: .crossEntropy).value
                }
            }
            try await requireError(.data, "no data") { _ = try await client.forwardBackward([], loss: .crossEntropy).value }
            try await refuse("an id outside the vocabulary") { $0.modelInput = ModelInput(tokens: [1, 2, 3, 4, 5, 99999]) }
            try await refuse("a target outside the vocabulary") {
                $0.lossFnInputs["target_tokens"] = .init([1, 2, 3, 4, 5, 99999])
            }
            try await refuse("no weights") { $0.lossFnInputs["weights"] = nil }
            try await refuse("an unknown input") { $0.lossFnInputs["mask"] = .init([Float](repeating: 1, count: 6)) }
            try await refuse("another shape") { $0.lossFnInputs["weights"] = .init([Float](repeating: 1, count: 5)) }
            try await refuse("NaN") { $0.lossFnInputs["weights"] = .init([.nan, 1, 1, 1, 1, 1] as [Float]) }
            if !subject.lacks.contains(.contextLength) {
                try await refuse("more than the context") { $0 = .supervised(257, seed: 1) }
            }
            let step = try await client.optimStep(AdamParams(learningRate: 0.5)).value
            try require(step.metrics["grad_norm"] == 0, "a refused call has left a gradient: \(step.metrics)")
            return []
        },
        ServiceContract(description: "settings that make no sense are refused") { subject in
            for config in [LoraConfig(rank: 0), LoraConfig(rank: 4, trainMlp: false, trainAttn: false, trainUnembed: false)] {
                try await requireError(.usage, "\(config)") {
                    _ = try await subject.service.createLoraTrainingClient(baseModel: subject.model, config: config).value
                }
            }
            let trainer = try await subject.trained()
            for params in [
                AdamParams(learningRate: .nan), AdamParams(beta1: 1), AdamParams(beta2: -0.1), AdamParams(eps: 0),
                AdamParams(weightDecay: .infinity), AdamParams(gradClipNorm: -1),
            ] {
                try await requireError(.usage, "\(params)") { _ = try await trainer.optimStep(params).value }
            }
            for name in ["", "..", "a/b", ".hidden", "a b"] {
                try await requireError(.usage, "the name '\(name)'") { _ = try await trainer.saveState(name: name).value }
                try await requireError(.usage, "the name '\(name)'") { _ = try await trainer.saveWeightsForSampler(name: name).value }
            }
            let sampler = try await subject.base()
            for params in [
                SamplingParams(maxTokens: 0), SamplingParams(maxTokens: 2, temperature: -1), SamplingParams(maxTokens: 2, topP: 0),
                SamplingParams(maxTokens: 2, topK: 0),
            ] {
                try await requireError(.usage, "\(params)") { _ = try await sampler.draw([1], params) }
            }
            try await requireError(.usage, "no samples") { _ = try await sampler.draw([1], samples: 0, SamplingParams(maxTokens: 2)) }
            try await requireError(.data, "an empty prompt") { _ = try await sampler.draw([], SamplingParams(maxTokens: 2)) }
            try await requireError(.data, orOfService: true, "a strange token") {
                _ = try await sampler.draw([99999], SamplingParams(maxTokens: 2))
            }
            if !subject.lacks.contains(.contextLength) {
                try await requireError(.data, "too long") { _ = try await sampler.draw([1], SamplingParams(maxTokens: 256)) }
            }
            return try await sampler.fingerprint()
        },
    ]
}

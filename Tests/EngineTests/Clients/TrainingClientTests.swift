import Engine
import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing
import TrainingAPI

extension SerialTests {
    @Suite("Training clients")
    struct TrainingClientTests {
        private let tiny: TinyService

        init() throws {
            var model = TinyModel()
            model.contextLength = 300
            tiny = try TinyService(model)
        }

        private static let params = AdamParams(learningRate: 0.01)

        @Test("calls take effect in the order in which they were made, without being awaited")
        func order() async throws {
            let awaited = try await tiny.trainingClient(), queued = try await tiny.trainingClient()
            var last: Future<any SamplingClient>?
            for step in 0..<4 {
                let datum = supervised(length: 15, seed: step)
                _ = try await awaited.forwardBackward([datum], loss: .crossEntropy).value
                _ = try await awaited.optimStep(Self.params).value
                _ = queued.forwardBackwardCustom([datum]) { data, logprobs in
                    // Leaves the engine's thread, and lets whatever is queued behind come first if it could.
                    await Task.yield()
                    let weights = data[0].lossFnInputs["weights"]?.floats ?? []
                    return CustomLossResult(
                        loss: 0, gradients: [Tensor(weights.map { -$0 }, shape: logprobs[0].shape)])
                }
                _ = queued.optimStep(Self.params)
                last = queued.saveWeightsAndGetSamplingClient(name: nil)
            }
            let input = ModelInput(tokens: tokens(20, seed: 3))
            let saved = queued.saveState(name: "queued")
            let expected = try await tiny.adapter(of: awaited)
            #expect(try tiny.adapter(try await saved.value) == expected)
            let sampling = try #require(try await last?.value)
            let own = try await awaited.saveWeightsAndGetSamplingClient(name: nil).value
            #expect(try await sampling.computeLogprobs(input).value == own.computeLogprobs(input).value)
        }

        @Test("several adapters live at once and do not touch each other")
        func independence() async throws {
            let kinds: [(rank: Int, seed: Int)] = [(2, 1), (16, 2), (17, 3)]
            var alone: [PEFTAdapter] = []
            for kind in kinds {
                alone.append(try await tiny.adapter(of: tiny.trainedClient(rank: kind.rank, seed: kind.seed)))
            }
            let clients = [
                try await tiny.trainingClient(rank: 2, seed: 1), try await tiny.trainingClient(rank: 16, seed: 2),
                try await tiny.trainingClient(rank: 17, seed: 3),
            ]
            for step in 0..<3 {
                for (client, kind) in zip(clients, kinds) {
                    _ = client.forwardBackward(
                        [supervised(length: 20, seed: 100 * kind.seed + step)], loss: .crossEntropy)
                }
                for client in clients { _ = client.optimStep(AdamParams(learningRate: 0.02)) }
            }
            for (client, expected) in zip(clients, alone) { #expect(try await tiny.adapter(of: client) == expected) }
        }

        @Test("a sampling client keeps its weights while training goes on")
        func snapshot() async throws {
            let client = try await tiny.trainedClient()
            let input = ModelInput(tokens: tokens(20, seed: 3))
            let snapshot = try await client.saveWeightsAndGetSamplingClient(name: "kept").value
            let path = try await client.saveWeightsForSampler(name: "other").value
            let before = try await snapshot.computeLogprobs(input).value
            _ = client.forwardBackward([supervised(length: 20, seed: 9)], loss: .crossEntropy)
            _ = try await client.optimStep(Self.params).value
            #expect(try await snapshot.computeLogprobs(input).value == before)
            let saved = try await tiny.service.createSamplingClient(modelPath: path).value
            #expect(try await saved.computeLogprobs(input).value == before)
            let named = path.replacing("/other", with: "/kept")
            let kept = try await tiny.service.createSamplingClient(modelPath: named).value
            #expect(try await kept.computeLogprobs(input).value == before)
            let now = try await client.saveWeightsAndGetSamplingClient(name: nil).value
            #expect(try await now.computeLogprobs(input).value != before)
        }

        @Test("a fresh adapter changes nothing, and repeats from its seed")
        func freshAdapter() async throws {
            let input = ModelInput(tokens: tokens(20, seed: 3))
            let client = try await tiny.trainingClient(seed: 7), twin = try await tiny.trainingClient(seed: 7)
            let other = try await tiny.trainingClient(seed: 8)
            let adapter = try await tiny.adapter(of: client)
            #expect(try await tiny.adapter(of: twin) == adapter)
            #expect(try await tiny.adapter(of: other) != adapter)
            let base = try await tiny.samplingClient()
            let sampling = try await client.saveWeightsAndGetSamplingClient(name: nil).value
            #expect(try await sampling.computeLogprobs(input).value == base.computeLogprobs(input).value)
        }

        @Test("AdamW steps agree with float64, weight decay and clipping included", arguments: [0, 0.5])
        func adamW(clipped: Double) async throws {
            let client = try await tiny.trainedClient(rank: 3), probe = try await tiny.trainingClient(rank: 3)
            // A fresh optimizer, so that the reference can follow from its first step.
            try await client.loadState(path: client.saveState(name: "start").value).value
            var params = AdamParams(learningRate: 0.02, beta1: 0.8, beta2: 0.9, eps: 1e-6, weightDecay: 0.3)
            var expected = flat(try await tiny.adapter(of: client))
            var m = expected.map { _ in 0.0 }, v = m
            for step in 1...4 {
                let datum = supervised(length: 18, seed: step)
                let path = try await client.saveState(name: "before").value
                let before = flat(try tiny.adapter(path))
                try await probe.loadState(path: path).value
                _ = probe.forwardBackward([datum], loss: .crossEntropy)
                _ = probe.optimStep(AdamParams(learningRate: 1e9, beta1: 0, beta2: 0, eps: 1e9))
                let gradient = zip(before, flat(try await tiny.adapter(of: probe))).map { $0 - $1 }
                let norm = gradient.dot(gradient).squareRoot()
                params.gradClipNorm = clipped * norm
                let scale = clipped > 0 ? clipped : 1
                for (i, g) in gradient.enumerated() {
                    m[i] = params.beta1 * m[i] + (1 - params.beta1) * g * scale
                    v[i] = params.beta2 * v[i] + (1 - params.beta2) * g * g * scale * scale
                    let unbiased = m[i] / (1 - pow(params.beta1, Double(step)))
                    let size = (v[i] / (1 - pow(params.beta2, Double(step)))).squareRoot()
                    expected[i] *= 1 - params.learningRate * params.weightDecay
                    expected[i] -= params.learningRate * unbiased / (size + params.eps)
                }
                _ = client.forwardBackward([datum], loss: .crossEntropy)
                let output = try await client.optimStep(params).value
                #expect(abs((output.metrics["grad_norm"] ?? 0) / norm - 1) < 1e-4)
                let after = flat(try await tiny.adapter(of: client))
                // The gradients known here are rounded differences of weights, so single tiny ones are known badly.
                let errors = zip(after, expected).map { abs($0 - $1) }.sorted()
                #expect(errors[errors.count * 99 / 100] < 2e-5 * Double(step))
                #expect((errors.last ?? 1) < 2e-3)
            }
        }

        private func flat(_ adapter: PEFTAdapter) -> [Double] {
            adapter.factors.sorted { $0.key < $1.key }.flatMap { $0.value.a + $0.value.b }.map(Double.init)
        }

        @Test("optimizer settings that would ruin the weights are refused and change nothing")
        func badAdamParams() async throws {
            let client = try await tiny.trainedClient(rank: 3)
            let before = try await tiny.adapter(of: client)
            var cases = [AdamParams](repeating: AdamParams(), count: 12)
            (cases[0].learningRate, cases[1].learningRate) = (.nan, .infinity)
            (cases[2].beta1, cases[3].beta1) = (1, -0.1)
            (cases[4].beta2, cases[5].beta2) = (1, .nan)
            // Without it a gradient of 0 would be divided by 0; so it would if float32 had no such number.
            (cases[6].eps, cases[7].eps, cases[8].eps) = (0, 1e-60, -1)
            (cases[9].weightDecay, cases[10].gradClipNorm, cases[11].gradClipNorm) = (.nan, -1, .nan)
            for params in cases {
                let error = await #expect(throws: TrainingError.self, "\(params)") {
                    try await client.optimStep(params).value
                }
                #expect(error?.kind == .usage)
            }
            #expect(try await tiny.adapter(of: client) == before)
        }

        @Test("a NaN in a custom loss gives notFinite, and the next step is that of a client without the accident")
        func notFinite() async throws {
            let client = try await tiny.trainedClient(), expected = try await tiny.trainedClient()
            let data = [supervised(length: 20, seed: 1), supervised(length: 9, seed: 2)]
            let bad: [CustomLoss] = [
                { _, logprobs in CustomLossResult(loss: .nan, gradients: logprobs) },
                { _, logprobs in
                    let gradients = logprobs.map {
                        Tensor([Float](repeating: .infinity, count: $0.count), shape: $0.shape)
                    }
                    return CustomLossResult(loss: 0, gradients: gradients)
                },
            ]
            for loss in bad {
                let error = await #expect(throws: TrainingError.self) {
                    try await client.forwardBackwardCustom(data, loss: loss).value
                }
                guard case .notFinite = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
            let before = try await tiny.adapter(of: client)
            #expect(try await tiny.adapter(of: expected) == before)
            for each in [client, expected] {
                _ = each.forwardBackward(data, loss: .crossEntropy)
                _ = try await each.optimStep(Self.params).value
            }
            let after = try await tiny.adapter(of: client)
            #expect(after != before)
            #expect(try await tiny.adapter(of: expected) == after)
        }

        @Test("a custom loss that throws or answers with other shapes fails its call alone")
        func badCustomLoss() async throws {
            struct Refusal: Error {}
            let client = try await tiny.trainingClient()
            let data = [supervised(length: 5, perPosition: 2, seed: 1)]
            await #expect(throws: Refusal.self) {
                try await client.forwardBackwardCustom(data) { _, _ in throw Refusal() }.value
            }
            await #expect(
                throws: TrainingError.shapeMismatch(name: "the loss's gradient", expected: [5, 2], got: [10], datum: 0)
            ) {
                try await client.forwardBackwardCustom(data) { _, logprobs in
                    CustomLossResult(loss: 0, gradients: [Tensor(logprobs[0].floats)])
                }.value
            }
            await #expect(throws: TrainingError.self) {
                try await client.forwardBackwardCustom(data) { _, _ in CustomLossResult(loss: 0, gradients: []) }.value
            }
            #expect(try await client.forward(data, loss: .crossEntropy).value.logprobs().count == 10)
        }

        @Test("a custom loss that is cancelled leaves nothing behind")
        func cancelledCustomLoss() async throws {
            // A service of its own: what the accident leaves in the engine would reach all clients of one.
            let client = try await tiny.trainingClient()
            let expected = try await TinyService(sharing: tiny, threads: 2).trainingClient()
            let long = (0..<6).map { supervised(length: 240, seed: $0) }
            let named: CustomLoss = { data, logprobs in
                let gradients = zip(data, logprobs).map { datum, logprobs in
                    Tensor((datum.lossFnInputs["weights"]?.floats ?? []).map { -$0 }, shape: logprobs.shape)
                }
                return CustomLossResult(loss: 0, gradients: gradients)
            }
            let (entered, signal) = AsyncStream.makeStream(of: Void.self)
            let (released, release) = AsyncStream.makeStream(of: Void.self)
            let cancelled = client.forwardBackwardCustom(Array(long[..<3])) { data, logprobs in
                signal.finish()
                for await _ in released {}
                return try await named(data, logprobs)
            }
            for await _ in entered {}
            cancelled.cancel()
            release.finish()
            await #expect(throws: TrainingError.cancelled) { try await cancelled.value }
            for each in [client, expected] {
                for _ in 0..<2 {
                    _ = each.forwardBackwardCustom(long, loss: named)
                    _ = try await each.optimStep(Self.params).value
                }
            }
            let (got, wanted) = (try await tiny.adapter(of: client), try await tiny.adapter(of: expected))
            #expect(got == wanted)
        }

        @Test("calls that are cancelled in the middle of a pass end there and leave nothing in later ones")
        func cancelledMidway() async throws {
            let service = TinyService(sharing: tiny, threads: 2)
            let (client, other) = (try await service.trainingClient(), try await service.trainingClient())
            let expected = try await tiny.trainingClient()
            let long = (0..<8).map { supervised(length: 250, seed: $0) }
            // Later and later, from before the first layer to after the last.
            for delay in 0..<24 {
                let abandoned = other.forwardBackward(long, loss: .crossEntropy)
                try await Task.sleep(for: .microseconds(delay * delay * 100))
                abandoned.cancel()
                _ = try? await abandoned.value  // on a fast machine the last ones may have ended
            }
            for each in [client, expected] {
                _ = each.forwardBackward(long, loss: .crossEntropy)
                _ = try await each.optimStep(Self.params).value
            }
            let (got, wanted) = (try await tiny.adapter(of: client), try await tiny.adapter(of: expected))
            #expect(got == wanted)
        }

        @Test("calls that are cancelled before they begin change nothing")
        func cancelledBeforehand() async throws {
            let client = try await tiny.trainingClient()
            let before = try await tiny.adapter(of: client)
            let blocker = client.forwardBackward((0..<8).map { supervised(length: 250, seed: $0) }, loss: .crossEntropy)
            let step = client.optimStep(Self.params)
            step.cancel()
            blocker.cancel()
            await #expect(throws: TrainingError.cancelled) { try await step.value }
            #expect(try await tiny.adapter(of: client) == before)
        }

        @Test("data that do not fit are refused, with what was wrong")
        func badData() async throws {
            let client = try await tiny.trainingClient()
            func refuse(_ data: [Datum], _ expected: TrainingError) async {
                await #expect(throws: expected) { try await client.forwardBackward(data, loss: .crossEntropy).value }
                await #expect(throws: expected) { try await client.forward(data, loss: .crossEntropy).value }
                await #expect(throws: expected) {
                    try await client.forwardBackwardCustom(data) { _, logprobs in
                        CustomLossResult(loss: 0, gradients: logprobs)
                    }.value
                }
            }
            var outside = supervised(length: 3, seed: 1)
            outside.modelInput.tokens[1] = tinyVocabulary
            await refuse([], .emptyInput("the list of datums"))
            await refuse([supervised(length: 301, seed: 1)], .contextExceeded(length: 301, limit: 300))
            await refuse(
                [outside],
                .invalidToken("267", name: "model_input", datum: 0, position: 1, vocabularySize: tinyVocabulary))
        }

        @Test("a client that cannot be made says why")
        func badConfig() async throws {
            for rank in [0, -1, 513] {
                await #expect(throws: TrainingError.self) { try await tiny.trainingClient(rank: rank) }
            }
            await #expect(throws: TrainingError.self) {
                try await tiny.trainingClient(attention: false, mlp: false, unembedding: false)
            }
            await #expect(throws: ModelFileError.self) {
                try await tiny.service.createLoraTrainingClient(baseModel: "tinny", config: LoraConfig()).value
            }
        }

        @Test("the service says what it offers")
        func capabilities() async throws {
            let capabilities = try await tiny.service.serverCapabilities().value
            #expect(capabilities.supportedModels.map(\.modelName) == [TinyService.model])
            #expect(capabilities.supportedModels.first?.maxContextLength == 300)
            #expect(capabilities.supportedLossFunctions == LossFunction.Name.allCases.map(\.rawValue))
            #expect(tiny.service.summary == "embedded engine, 2 threads")
        }
    }
}

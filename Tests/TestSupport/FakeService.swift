import Foundation
import Synchronization
import Tensors
import Tokenizers
public import TrainingAPI

/// A training service in memory over a toy model. Its saved weights outlive it, so that a test can kill a "process"
/// (drop the service) and start another one over the same `disk`.
public final class FakeService: TrainingService {
    /// Where saved weights lie, by path.
    public final class Disk: Sendable {
        fileprivate let models = Mutex<[String: ToyModel]>([:])
        fileprivate let runs = Mutex(0)
        /// An empty disk.
        public init() {}
        /// The paths of everything that was saved.
        public var paths: [String] { models.withLock { $0.keys.sorted() } }
    }

    /// What the service was asked, and where it is to fail.
    public struct Script: Sendable {
        /// The `forward_backward` call (counted from 1) that returns a loss of NaN.
        public var nanAtForwardBackward: Int?
        /// Calls of `forwardBackward`, custom ones not counted.
        public var forwardBackwardCalls = 0
        /// Updates taken.
        public var optimSteps = 0
        /// Sampling requests.
        public var sampleCalls = 0
        /// Calls of `computeLogprobs`.
        public var logprobCalls = 0
        /// Calls of `scoreNextTokens`.
        public var scoreCalls = 0
        /// All seeds of sampling requests.
        public var seeds: [Int?] = []
    }

    /// The only model on offer.
    public static let modelName = "toy"
    /// Where weights are saved.
    public let disk: Disk
    /// The most tokens of a sequence.
    public let contextLength: Int
    /// Whether `[N, K]` targets are offered.
    public let multipleTargets: Bool
    fileprivate let script = Mutex(Script())

    /// What the service was asked so far.
    public var record: Script { script.withLock { $0 } }
    /// Changes where the service is to fail.
    public func plan(_ change: (inout Script) -> Void) { script.withLock { change(&$0) } }

    /// A service over a disk, with room for failure.
    public init(disk: Disk = Disk(), contextLength: Int = 512, multipleTargets: Bool = true) {
        self.disk = disk
        self.contextLength = contextLength
        self.multipleTargets = multipleTargets
    }

    /// `toy service`.
    public var summary: String { "toy service" }

    /// One model, all losses.
    public func serverCapabilities() -> Future<ServerCapabilities> {
        Future(
            .success(
                ServerCapabilities(
                    supportedModels: [.init(modelName: Self.modelName, maxContextLength: contextLength)],
                    supportedLossFunctions: LossFunction.Name.allCases.map(\.rawValue),
                    supportsMultipleTargets: multipleTargets)))
    }

    /// A client of untrained weights.
    public func createLoraTrainingClient(baseModel: String, config: LoraConfig) -> Future<any TrainingClient> {
        guard baseModel == Self.modelName else {
            return Future(.failure(TrainingError.unknownModel(baseModel, known: [Self.modelName])))
        }
        return Future(.success(FakeTrainingClient(service: self, model: ToyModel(), config: config)))
    }

    /// A client of saved weights.
    public func createTrainingClient(fromState path: String, withOptimizer: Bool) -> Future<any TrainingClient> {
        Future(
            Result {
                var model = try load(path)
                if !withOptimizer { model = ToyModel(weights: model.weights) }
                return FakeTrainingClient(service: self, model: model, config: LoraConfig())
            })
    }

    /// A sampler of untrained weights.
    public func createSamplingClient(baseModel: String) -> Future<any SamplingClient> {
        Future(.success(FakeSamplingClient(service: self, model: ToyModel())))
    }

    /// A sampler of saved weights.
    public func createSamplingClient(modelPath: String) -> Future<any SamplingClient> {
        Future(Result { FakeSamplingClient(service: self, model: try load(modelPath)) })
    }

    fileprivate func load(_ path: String) throws -> ToyModel {
        guard let model = disk.models.withLock({ $0[path] }) else { throw TrainingError.checkpointNotFound(path) }
        return model
    }

    fileprivate func save(_ model: ToyModel, path: String) { disk.models.withLock { $0[path] = model } }
    fileprivate func nextRun() -> Int {
        disk.runs.withLock {
            $0 += 1; return $0
        }
    }
}

/// A training client whose calls take effect in the order in which they were made.
final class FakeTrainingClient: TrainingClient {
    let service: FakeService
    let loraConfig: LoraConfig
    let tokenizer: any Tokenizer = ByteTokenizer()
    private let run: Int
    private let model: Mutex<ToyModel>
    private let tail = Mutex<Task<Void, Never>?>(nil)

    var baseModel: String { FakeService.modelName }
    var maxContextLength: Int { service.contextLength }

    init(service: FakeService, model: ToyModel, config: LoraConfig) {
        self.service = service
        loraConfig = config
        run = service.nextRun()
        self.model = Mutex(model)
    }

    private func enqueue<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) -> Future<Value> {
        let future = Future<Value>()
        tail.withLock { tail in
            let before = tail
            tail = Task {
                await before?.value
                do { future.resolve(.success(try await body())) } catch { future.resolve(.failure(error)) }
            }
        }
        return future
    }

    func forward(_ data: [Datum], loss: LossFunction) -> Future<ForwardBackwardOutput> {
        enqueue { try self.model.withLock { try $0.run(data, loss: loss, accumulate: false) } }
    }

    func forwardBackward(_ data: [Datum], loss: LossFunction) -> Future<ForwardBackwardOutput> {
        enqueue {
            let isNaN = self.service.script.withLock { script in
                script.forwardBackwardCalls += 1
                return script.forwardBackwardCalls == script.nanAtForwardBackward
            }
            var output = try self.model.withLock { try $0.run(data, loss: loss, accumulate: !isNaN) }
            if isNaN { output.metrics["loss:sum"] = .nan }
            return output
        }
    }

    func forwardBackwardCustom(_ data: [Datum], loss: @escaping CustomLoss) -> Future<ForwardBackwardOutput> {
        enqueue {
            let logprobs = self.model.withLock { model in data.map { model.targetLogprobs($0) } }
            let result = try await loss(data, logprobs)
            self.model.withLock { model in
                for (datum, gradient) in zip(data, result.gradients) {
                    model.accumulate(datum, derivatives: gradient.floats.map { Double($0) })
                }
            }
            return ForwardBackwardOutput(
                lossFnOutputs: logprobs.map { ["logprobs": $0] },
                metrics: result.metrics.merging(["loss:sum": result.loss]) { $1 })
        }
    }

    func optimStep(_ params: AdamParams) -> Future<OptimStepOutput> {
        enqueue {
            self.service.script.withLock { $0.optimSteps += 1 }
            let norm = self.model.withLock {
                $0.step(learningRate: params.learningRate, beta1: params.beta1, beta2: params.beta2, eps: params.eps)
            }
            return OptimStepOutput(metrics: ["grad_norm": norm])
        }
    }

    private func save(_ kind: String, _ name: String) -> Future<String> {
        enqueue {
            let path = "tinker://run-\(self.run)/\(kind)/\(name)"
            self.service.save(self.model.withLock { $0 }, path: path)
            return path
        }
    }

    func saveState(name: String) -> Future<String> { save("weights", name) }
    func saveWeightsForSampler(name: String) -> Future<String> { save("sampler_weights", name) }

    func loadState(path: String) -> Future<Void> {
        enqueue {
            let loaded = try self.service.load(path)
            self.model.withLock { $0 = ToyModel(weights: loaded.weights) }
        }
    }

    func loadStateWithOptimizer(path: String) -> Future<Void> {
        enqueue {
            let loaded = try self.service.load(path)
            self.model.withLock { $0 = loaded }
        }
    }

    func saveWeightsAndGetSamplingClient(name: String?) -> Future<any SamplingClient> {
        enqueue { FakeSamplingClient(service: self.service, model: self.model.withLock { $0 }) }
    }
}

/// A sampling client of a copy of the toy model.
final class FakeSamplingClient: SamplingClient {
    let service: FakeService
    let model: ToyModel
    let tokenizer: any Tokenizer = ByteTokenizer()
    var baseModel: String { FakeService.modelName }
    var maxContextLength: Int { service.contextLength }

    init(service: FakeService, model: ToyModel) {
        self.service = service
        self.model = model
    }

    func sample(
        prompt: ModelInput, numSamples: Int, params: SamplingParams, includePromptLogprobs: Bool
    ) -> Future<SampleResponse> {
        service.script.withLock {
            $0.sampleCalls += 1
            $0.seeds.append(params.seed)
        }
        let limit = min(params.maxTokens ?? Int.max, service.contextLength - prompt.length)
        let sequences = (0..<numSamples).map { sample in
            var reader = ToyModel.Reader(model: model)
            var logprobs: [Double] = []
            for token in prompt.tokens { logprobs = reader.read(token) }
            var sequence = SampledSequence(tokens: [], logprobs: [], stopReason: .length)
            while sequence.tokens.count < limit {
                var random = SeededRandom(params.seed ?? 0, sample, sequence.tokens.count)
                var rest = random.uniform()
                var token = logprobs.count - 1
                for (index, logprob) in logprobs.enumerated() {
                    rest -= exp(logprob)
                    if rest < 0 {
                        token = index
                        break
                    }
                }
                sequence.tokens.append(token)
                sequence.logprobs.append(Float(logprobs[token]))
                if isStop(sequence.tokens, params.stop) {
                    sequence.stopReason = .stop
                    break
                }
                logprobs = reader.read(token)
            }
            return sequence
        }
        return Future(.success(SampleResponse(sequences: sequences)))
    }

    private func isStop(_ tokens: [Int], _ stop: StopCondition) -> Bool {
        switch stop {
        case .none: false
        case .tokens(let stops): tokens.last.map { stops.contains($0) } ?? false
        case .strings(let stops): stops.contains { tokenizer.decode(tokens).hasSuffix($0) }
        }
    }

    func computeLogprobs(_ input: ModelInput) -> Future<[Float?]> {
        service.script.withLock { $0.logprobCalls += 1 }
        let all = model.logprobs(input.tokens)
        return Future(
            .success([nil] + input.tokens.indices.dropFirst().map { Float(all[$0 - 1][input.tokens[$0]]) }))
    }

    func scoreNextTokens(_ inputs: [ModelInput], candidates: [Int]) -> Future<[[Float]]> {
        service.script.withLock { $0.scoreCalls += 1 }
        return Future(
            .success(
                inputs.map { input in
                    let last = model.logprobs(input.tokens).last ?? []
                    return candidates.map { Float(last[$0]) }
                }))
    }
}

extension ToyModel {
    init(weights: [Double]) {
        self.init()
        self.weights = weights
    }

    /// Shaped like the datum's targets.
    func targetLogprobs(_ datum: Datum) -> Tensor {
        let all = logprobs(datum.modelInput.tokens)
        guard let targets = datum.lossFnInputs["target_tokens"] else { return Tensor([Float]()) }
        let width = targets.count / datum.modelInput.length
        return Tensor(
            targets.ints.enumerated().map { Float(all[$0.offset / width][$0.element]) }, shape: targets.shape)
    }

    mutating func accumulate(_ datum: Datum, derivatives: [Double]) {
        guard let targets = datum.lossFnInputs["target_tokens"]?.ints else { return }
        let width = targets.count / datum.modelInput.length
        let rows = (0..<datum.modelInput.length).map { position in
            (0..<width).map { (target: targets[position * width + $0], value: derivatives[position * width + $0]) }
        }
        accumulate(
            datum.modelInput.tokens, logprobs: logprobs(datum.modelInput.tokens), derivatives: rows)
    }

    /// Cross-entropy, or importance sampling for every other loss.
    mutating func run(_ data: [Datum], loss: LossFunction, accumulate: Bool) throws -> ForwardBackwardOutput {
        var outputs: [[String: Tensor]] = []
        var sum = 0.0
        for (index, datum) in data.enumerated() {
            for name in loss.name.requiredInputs where datum.lossFnInputs[name] == nil {
                throw TrainingError.missingLossInput(name, loss: loss.name.rawValue, datum: index)
            }
            let known = loss.name.requiredInputs + ["target_tokens"]
            for name in datum.lossFnInputs.keys where !known.contains(name) {
                throw TrainingError.unknownLossInput(name, loss: loss.name.rawValue, datum: index, known: known)
            }
            let logprobs = targetLogprobs(datum)
            let weights = datum.lossFnInputs["weights"]?.floats
            let sampled = datum.lossFnInputs["logprobs"]?.floats ?? []
            let advantages = datum.lossFnInputs["advantages"]?.floats ?? []
            let derivatives = logprobs.floats.enumerated().map { position, logprob -> Double in
                if let weights {
                    sum -= Double(weights[position] * logprob)
                    return -Double(weights[position])
                }
                let term = exp(Double(logprob - sampled[position])) * Double(advantages[position])
                sum -= term
                return -term
            }
            if accumulate { self.accumulate(datum, derivatives: derivatives) }
            outputs.append(["logprobs": logprobs])
        }
        return ForwardBackwardOutput(lossFnOutputs: outputs, metrics: ["loss:sum": sum])
    }
}

import Synchronization
import Tensors
package import Tokenizers
package import TrainingAPI

/// The training verbs on the embedded engine.
package final class EngineTrainingClient: TrainingClient {
    package let loraConfig: LoraConfig
    /// Names the checkpoints: `tinker://RUN/…`.
    package let run: String
    private let model: BaseModel
    private let scheduler: EngineScheduler
    private let checkpoints: CheckpointStore
    private let queue = ClientQueue()
    private let state: StateBox

    /// The training state is touched by operations on the engine's thread alone.
    private final class StateBox: @unchecked Sendable {
        let value: TrainingState
        init(_ value: TrainingState) { self.value = value }
    }

    init(
        model: BaseModel, scheduler: EngineScheduler, checkpoints: CheckpointStore, config: LoraConfig,
        loading checkpoint: TrainingCheckpoint?
    ) throws {
        loraConfig = config
        run = checkpoints.newRunName()
        self.model = model
        self.scheduler = scheduler
        self.checkpoints = checkpoints
        let layout = LoraLayout(shape: model.shape, config: config)
        state = StateBox(
            TrainingState(config: config, layout: layout, seed: config.seed ?? Int.random(in: 0...Int(Int32.max))))
        if let checkpoint {
            try state.value.load(checkpoint.parameters(model.shape), optimizer: checkpoint.optimizer)
        }
    }

    package var baseModel: String { model.name }
    package var tokenizer: any Tokenizer { model.tokenizer }
    package var maxContextLength: Int { model.shape.contextLength }

    package func forward(_ data: [Datum], loss: LossFunction) -> Future<ForwardBackwardOutput> {
        perform { [model, state] workspace, future in
            try Self.validate(data, loss, model)
            let logprobs = try workspace.learner.logprobs(
                data, adapter: state.value.adapter, isCancelled: { future.isCancelled })
            let metrics = zip(data, logprobs).map { loss.evaluate($0, logprobs: $1).metrics }
            return Self.output(data, logprobs, metrics.reduce(LossMetrics(), +).values)
        }
    }

    package func forwardBackward(_ data: [Datum], loss: LossFunction) -> Future<ForwardBackwardOutput> {
        perform { [model, state] workspace, future in
            try Self.validate(data, loss, model)
            var metrics = LossMetrics()
            var outputs = [[Float]](repeating: [], count: data.count)
            try workspace.learner.forwardBackward(
                data, state: state.value, loss: loss, isCancelled: { future.isCancelled },
                check: { index, logprobs in
                    let evaluation = loss.evaluate(data[index], logprobs: logprobs)
                    guard evaluation.loss.isFinite else {
                        throw TrainingError.notFinite("the loss of datum \(index + 1)")
                    }
                    outputs[index] = logprobs
                    metrics = metrics + evaluation.metrics
                })
            return Self.output(data, outputs, metrics.values)
        }
    }

    package func forwardBackwardCustom(_ data: [Datum], loss: @escaping CustomLoss) -> Future<ForwardBackwardOutput> {
        let future = Future<ForwardBackwardOutput>()
        queue.add { [model, scheduler, state] finish in
            @Sendable func fail(_ error: any Error) {
                future.resolve(.failure(error))
                finish()
            }
            scheduler.submit { workspace in
                do {
                    try Self.validate(data, .crossEntropy, model)
                    let (values, kept) = try workspace.learner.beginCustom(
                        data, state: state.value, isCancelled: { future.isCancelled })
                    let passes = Passes(kept)
                    let logprobs = zip(data, values).map { datum, values in
                        Tensor(values, shape: datum.lossFnInputs["target_tokens"]?.shape ?? [])
                    }
                    Task {
                        let result: Result<CustomLossResult, any Error>
                        do { result = .success(try await loss(data, logprobs)) } catch { result = .failure(error) }
                        scheduler.submit { workspace in
                            defer { workspace.learner.release(passes.value) }
                            do {
                                let result = try result.get()
                                try result.validate(against: logprobs)
                                try workspace.learner.endCustom(
                                    data, gradients: result.gradients.map(\.floats), kept: passes.value,
                                    state: state.value,
                                    isCancelled: { future.isCancelled })
                                let metrics = result.metrics.merging(["loss:sum": result.loss]) { mine, _ in mine }
                                future.resolve(.success(Self.output(data, values, metrics)))
                                finish()
                            } catch {
                                fail(error)
                            }
                        }
                    }
                } catch {
                    fail(error)
                }
            }
        }
        return future
    }

    /// Passes on their way from one operation on the engine's thread to another.
    private final class Passes: @unchecked Sendable {
        let value: [Learner.Pass?]
        init(_ value: [Learner.Pass?]) { self.value = value }
    }

    package func optimStep(_ params: AdamParams) -> Future<OptimStepOutput> {
        perform { [state] workspace, _ in
            let norm = try state.value.step(params, workspace.pool)
            return OptimStepOutput(metrics: ["grad_norm": norm, "learning_rate": params.learningRate])
        }
    }

    package func saveState(name: String) -> Future<String> {
        perform { [self] _, _ in
            try checkpoints.saveState(
                run: run, name: name, baseModel: model.name, state: state.value)
        }
    }

    package func loadState(path: String) -> Future<Void> {
        load(path, withOptimizer: false)
    }

    package func loadStateWithOptimizer(path: String) -> Future<Void> {
        load(path, withOptimizer: true)
    }

    private func load(_ path: String, withOptimizer: Bool) -> Future<Void> {
        perform { [self] _, _ in
            let checkpoint = try checkpoints.load(path, withOptimizer: withOptimizer)
            guard checkpoint.baseModel == model.name else {
                throw TrainingError.checkpointMismatch(
                    "\(path) belongs to \(checkpoint.baseModel), not to \(model.name)")
            }
            guard LoraLayout(shape: model.shape, config: checkpoint.config) == state.value.layout else {
                throw TrainingError.checkpointMismatch(
                    "\(path) has \(checkpoint.config.summary), this client has \(loraConfig.summary)")
            }
            try state.value.load(checkpoint.parameters(model.shape), optimizer: checkpoint.optimizer)
        }
    }

    package func saveWeightsForSampler(name: String) -> Future<String> {
        perform { [self] _, _ in
            try checkpoints.saveSamplerWeights(
                run: run, name: name, baseModel: model.name, adapter: state.value.adapter)
        }
    }

    package func saveWeightsAndGetSamplingClient(name: String?) -> Future<any SamplingClient> {
        perform { [self] _, _ in
            let adapter = state.value.adapter
            if let name {
                _ = try checkpoints.saveSamplerWeights(
                    run: run, name: name, baseModel: model.name, adapter: adapter)
            }
            return EngineSamplingClient(model: model, scheduler: scheduler, adapter: adapter)
        }
    }

    /// Queues an operation on the engine's thread.
    private func perform<Value: Sendable>(
        _ body: @escaping @Sendable (EngineScheduler.Workspace, Future<Value>) throws -> Value
    ) -> Future<Value> {
        let future = Future<Value>()
        queue.add { [scheduler] finish in
            scheduler.submit { workspace in
                if !future.isCancelled { future.resolve(Result { try body(workspace, future) }) }
                finish()
            }
        }
        return future
    }

    private static func validate(_ data: [Datum], _ loss: LossFunction, _ model: BaseModel) throws {
        try loss.validate(data, vocabularySize: model.shape.vocabulary, contextLength: model.shape.contextLength)
    }

    private static func output(
        _ data: [Datum], _ logprobs: [[Float]], _ metrics: [String: Double]
    ) -> ForwardBackwardOutput {
        let outputs = zip(data, logprobs).map { datum, values in
            ["logprobs": Tensor(values, shape: datum.lossFnInputs["target_tokens"]?.shape)]
        }
        return ForwardBackwardOutput(lossFnOutputs: outputs, metrics: metrics)
    }
}

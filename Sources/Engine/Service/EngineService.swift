package import Foundation
package import ModelFiles
import Synchronization
package import TrainingAPI

/// The embedded engine as a service: models from files of this machine, checkpoints in a folder. Models are read when they are
/// first asked for, and shared by all clients.
package final class EngineService: TrainingService {
    private struct Loaded: Sendable {
        let model: BaseModel
        let weightBytes: Int
        let scheduler: EngineScheduler
    }

    private let store: ModelStore
    private let checkpoints: CheckpointStore
    private let precision: WeightPrecision
    private let threads: Int
    private let memoryBudget: MemoryBudget
    private let limits: SamplerLimits
    private let progress: @Sendable (_ model: String, _ done: Int, _ total: Int) -> Void
    private let loaded = Mutex<[String: Loaded]>([:])

    /// A service over the models of `store`, with checkpoints below `checkpointFolder`. What each model's
    /// clients take stays within `memoryBudget`. `progress` is told of layers read.
    package init(
        store: ModelStore, checkpointFolder: URL, precision: WeightPrecision = .bfloat16, threads: Int,
        memoryBudget: MemoryBudget = .standard, limits: SamplerLimits? = nil,
        progress: @escaping @Sendable (_ model: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
    ) {
        self.store = store
        self.precision = precision
        self.threads = threads
        self.memoryBudget = memoryBudget
        self.limits = limits ?? SamplerLimits(memoryBudget)
        self.progress = progress
        checkpoints = CheckpointStore(root: checkpointFolder)
    }

    package var summary: String {
        let weights = precision == .bfloat16 ? "" : ", \(precision.rawValue) weights"
        return "embedded engine\(weights), \(threads) thread\(threads == 1 ? "" : "s")"
    }

    /// What the weights of the models read so far take.
    package var weights: [(model: String, bytes: Int)] {
        loaded.withLock { $0.values.map { ($0.model.name, $0.weightBytes) } }.sorted { $0.0 < $1.0 }
    }

    package func serverCapabilities() -> Future<ServerCapabilities> {
        Future { [store] in
            let models = try store.models().filter(\.isFetched).map { entry in
                ServerCapabilities.SupportedModel(
                    modelName: entry.name, maxContextLength: try ModelConfig(GGUFFile(path: entry.path)).contextLength)
            }
            return ServerCapabilities(
                supportedModels: models, supportedLossFunctions: LossFunction.Name.allCases.map(\.rawValue),
                supportsMultipleTargets: true)
        }
    }

    package func createLoraTrainingClient(baseModel: String, config: LoraConfig) -> Future<any TrainingClient> {
        Future { [self] in
            guard (1...512).contains(config.rank) else {
                throw TrainingError.usage("rank is \(config.rank), expected 1 to 512")
            }
            guard config.trainMlp || config.trainAttn || config.trainUnembed else {
                throw TrainingError.usage("an adapter needs one of train_mlp, train_attn and train_unembed")
            }
            let entry = try load(baseModel)
            return try EngineTrainingClient(
                model: entry.model, scheduler: entry.scheduler, checkpoints: checkpoints, config: config, loading: nil)
        }
    }

    package func createTrainingClient(fromState path: String, withOptimizer: Bool) -> Future<any TrainingClient> {
        Future { [self] in
            let checkpoint = try checkpoints.load(path, withOptimizer: withOptimizer)
            let entry = try load(checkpoint.baseModel)
            return try EngineTrainingClient(
                model: entry.model, scheduler: entry.scheduler, checkpoints: checkpoints, config: checkpoint.config,
                loading: checkpoint)
        }
    }

    package func createSamplingClient(baseModel: String) -> Future<any SamplingClient> {
        Future { [self] in
            let entry = try load(baseModel)
            return EngineSamplingClient(model: entry.model, scheduler: entry.scheduler, adapter: nil)
        }
    }

    package func createSamplingClient(modelPath: String) -> Future<any SamplingClient> {
        Future { [self] in
            let checkpoint = try checkpoints.load(modelPath, withOptimizer: false)
            let entry = try load(checkpoint.baseModel)
            let adapter = Adapter(
                config: checkpoint.config, layout: LoraLayout(shape: entry.model.shape, config: checkpoint.config),
                parameters: try checkpoint.parameters(entry.model.shape))
            return EngineSamplingClient(model: entry.model, scheduler: entry.scheduler, adapter: adapter)
        }
    }

    package var restClient: (any RestClient)? { EngineRestClient(store: checkpoints) }

    /// The model of a name or path. Two callers that ask at once wait for one reading.
    private func load(_ name: String) throws -> Loaded {
        let known = try store.resolve(name)
        return try loaded.withLock { loaded in
            if let entry = loaded[known.path] { return entry }
            let file = try GGUFFile(path: known.path)
            let weightBytes = try BaseModel.weightBytes(file, precision: precision)
            try checkMemory(for: weightBytes, of: known.name)
            let model = try BaseModel(name: known.name, file: file, precision: precision, threads: threads) { [progress] in
                progress(known.name, $0, $1)
            }
            let entry = Loaded(
                model: model, weightBytes: weightBytes,
                scheduler: try EngineScheduler(model: model, threads: threads, memoryBudget: memoryBudget, limits: limits))
            loaded[known.path] = entry
            return entry
        }
    }

    /// The paths of the saved weights, the latest first.
    package var checkpointPaths: [String] { checkpoints.paths }

    /// Throws before the machine begins to swap, which would look like standing still.
    private func checkMemory(for needed: Int, of name: String) throws(TrainingError) {
        guard let available = MemoryBudget.available, needed > available else { return }
        throw .usage(
            "the weights of \(name) take \(needed >> 20) MB, and \(available >> 20) MB of memory are free",
            hint: "close other programs" + (precision == .float32 ? ", leave --precision at bfloat16" : "") + " or take a smaller model"
        )
    }
}

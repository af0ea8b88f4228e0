import Foundation
import ModelFiles
import TrainingAPI

/// What a checkpoint holds.
struct TrainingCheckpoint {
    var config: LoraConfig
    var parameters: FloatBuffer
    /// Only in `weights`, not in `sampler_weights`.
    var optimizer: (first: FloatBuffer, second: FloatBuffer, steps: Int)?
}

/// Checkpoints in a folder, `RUN/KIND/NAME/`: a PEFT adapter, and the optimizer's moments beside it. A checkpoint appears whole or
/// not at all: it is written under another name and renamed.
struct CheckpointStore: Sendable {
    let root: URL

    /// A name that no other run on this machine has.
    func newRunName() -> String {
        let stamp = Int(Date().timeIntervalSince1970)
        return String(stamp, radix: 16) + "-" + String(UInt32.random(in: 0...UInt32.max), radix: 16)
    }

    func saveState(
        run: String, name: String, baseModel: String, shape: TransformerShape, state: TrainingState
    ) throws -> String {
        let path = try CheckpointPath(run: run, kind: .weights, name: name)
        try write(path) { folder in
            try writeAdapter(state.adapter, baseModel: baseModel, to: folder)
            let moments = [("exp_avg.", state.firstMoment), ("exp_avg_sq.", state.secondMoment)].flatMap { prefix, buffer in
                state.layout.matrices(of: buffer).map {
                    NamedMatrix(name: prefix + $0.name, shape: $0.shape, values: $0.values)
                }
            }
            try save(moments, metadata: ["step": String(state.steps)], to: folder.appending(path: Self.optimizerFile))
        }
        return path.description
    }

    func saveSamplerWeights(
        run: String, name: String, baseModel: String, shape: TransformerShape, adapter: Adapter
    ) throws -> String {
        let path = try CheckpointPath(run: run, kind: .samplerWeights, name: name)
        try write(path) { try writeAdapter(adapter, baseModel: baseModel, to: $0) }
        return path.description
    }

    /// The adapter's settings and its base model, without reading weights.
    func describe(_ text: String) throws -> (config: LoraConfig, baseModel: String) {
        let config = try adapterConfig(try folder(of: text))
        return (config.lora, config.baseModel)
    }

    func load(_ text: String, baseModel: String, shape: TransformerShape) throws -> TrainingCheckpoint {
        let folder = try folder(of: text)
        let config = try adapterConfig(folder)
        guard config.baseModel == baseModel else {
            throw TrainingError.checkpointMismatch("\(text) belongs to \(config.baseModel), not to \(baseModel)")
        }
        let layout = LoraLayout(shape: shape, config: config.lora)
        let parameters = try layout.buffer(from: read(folder.appending(path: Self.adapterFile)).matrices)
        let optimizerURL = folder.appending(path: Self.optimizerFile)
        guard FileManager.default.fileExists(atPath: optimizerURL.path) else {
            return TrainingCheckpoint(config: config.lora, parameters: parameters)
        }
        let saved = try read(optimizerURL)
        guard let steps = saved.metadata["step"].flatMap(Int.init) else {
            throw TrainingError.checkpointMismatch("\(optimizerURL.path) does not say its step")
        }
        func moment(_ prefix: String) throws -> FloatBuffer {
            let own = saved.matrices.filter { $0.key.hasPrefix(prefix) }
            return try layout.buffer(
                from: Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count)), $0.value) }))
        }
        return TrainingCheckpoint(
            config: config.lora, parameters: parameters,
            optimizer: (try moment("exp_avg."), try moment("exp_avg_sq."), steps))
    }

    private static let adapterFile = "adapter_model.safetensors"
    private static let configFile = "adapter_config.json"
    private static let optimizerFile = "optimizer.safetensors"

    private func folder(of text: String) throws -> URL {
        let folder = url(try CheckpointPath(text))
        guard FileManager.default.fileExists(atPath: folder.path) else { throw TrainingError.checkpointNotFound(text) }
        return folder
    }

    private func url(_ path: CheckpointPath) -> URL {
        root.appending(path: path.run).appending(path: path.kind.rawValue).appending(path: path.name)
    }

    private func write(_ path: CheckpointPath, _ body: (URL) throws -> Void) throws {
        let target = url(path), files = FileManager.default
        let unfinished = target.deletingLastPathComponent().appending(path: ".\(path.name).unfinished")
        do {
            try? files.removeItem(at: unfinished)
            try files.createDirectory(at: unfinished, withIntermediateDirectories: true)
            try body(unfinished)
            // The same name again replaces the checkpoint, as on every service.
            if files.fileExists(atPath: target.path) { try files.removeItem(at: target) }
            try files.moveItem(at: unfinished, to: target)
        } catch let error as TrainingError {
            throw error
        } catch {
            try? files.removeItem(at: unfinished)
            throw TrainingError.io("cannot save \(path) in \(root.path): \(error)")
        }
    }

    private func writeAdapter(_ adapter: Adapter, baseModel: String, to folder: URL) throws {
        try save(adapter.layout.matrices(of: adapter.parameters), metadata: [:], to: folder.appending(path: Self.adapterFile))
        let config = AdapterConfigFile(adapter.config, baseModel: baseModel, layout: adapter.layout)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(config).write(to: folder.appending(path: Self.configFile))
    }

    private func adapterConfig(_ folder: URL) throws -> (lora: LoraConfig, baseModel: String) {
        let url = folder.appending(path: Self.configFile)
        do {
            let file = try JSONDecoder().decode(AdapterConfigFile.self, from: Data(contentsOf: url))
            return (file.lora, file.base_model_name_or_path)
        } catch {
            throw TrainingError.io("cannot read \(url.path): \(error)")
        }
    }
}

import Foundation
import ModelFiles
import Synchronization
import TrainingAPI

/// What a checkpoint holds.
struct TrainingCheckpoint {
    var config: LoraConfig
    var baseModel: String
    var adapter: PEFTAdapter
    /// AdamW's moments in the flat order of the adapter's layout, if they were wanted; `sampler_weights` have none.
    var optimizer: (first: FloatBuffer, second: FloatBuffer, steps: Int)?

    func parameters(_ shape: TransformerShape) throws(TrainingError) -> FloatBuffer {
        try LoraLayout(shape: shape, config: config).buffer(from: adapter.factors)
    }
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

    func saveState(run: String, name: String, baseModel: String, state: TrainingState) throws -> String {
        let path = try CheckpointPath(run: run, kind: .weights, name: name)
        try write(path) { folder in
            try write(state.adapter, baseModel: baseModel, to: folder)
            var writer = SafetensorsWriter(metadata: ["step": String(state.steps)])
            for (name, moment) in [("exp_avg", state.firstMoment), ("exp_avg_sq", state.secondMoment)] {
                writer.add(name, shape: [moment.count], moment.array(0..<moment.count))
            }
            try writer.write(to: folder.appending(path: Self.optimizerFile).path)
        }
        return path.description
    }

    func saveSamplerWeights(run: String, name: String, baseModel: String, adapter: Adapter) throws -> String {
        let path = try CheckpointPath(run: run, kind: .samplerWeights, name: name)
        try write(path) { try write(adapter, baseModel: baseModel, to: $0) }
        return path.description
    }

    /// Reads a checkpoint, its optimizer only if wanted. Throws `checkpointMismatch` if it has none, or another scale than ours.
    func load(_ text: String, withOptimizer: Bool) throws -> TrainingCheckpoint {
        let path = try CheckpointPath(text), folder = url(path)
        Self.renaming.withLock { _ in recover(path) }
        guard FileManager.default.fileExists(atPath: folder.path) else { throw TrainingError.checkpointNotFound(text) }
        let adapter = try PEFTAdapter(folder: folder.path)
        guard adapter.alpha == LoraConfig.alpha else {
            throw TrainingError.checkpointMismatch("\(text) has alpha \(adapter.alpha), expected \(LoraConfig.alpha)")
        }
        var checkpoint = TrainingCheckpoint(
            config: LoraConfig(of: adapter), baseModel: adapter.baseModel, adapter: adapter)
        let optimizerPath = folder.appending(path: Self.optimizerFile).path
        if withOptimizer {
            guard FileManager.default.fileExists(atPath: optimizerPath) else {
                throw TrainingError.checkpointMismatch("\(text) holds weights without an optimizer's state")
            }
            checkpoint.optimizer = try optimizer(SafetensorsFile(path: optimizerPath))
        }
        return checkpoint
    }

    /// The paths of all checkpoints, those of the latest runs first.
    var paths: [String] {
        let files = FileManager.default
        func names(_ folder: URL) -> [URL] {
            let entries = try? files.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: [.contentModificationDateKey], options: .skipsHiddenFiles)
            let dated = (entries ?? []).map { entry in
                (entry, (try? entry.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate) ?? .distantPast)
            }
            return dated.sorted { $0.1 > $1.1 }.map(\.0)
        }
        return names(root).prefix(100).flatMap { run in
            [CheckpointPath.Kind.weights, .samplerWeights].flatMap { kind in
                names(run.appending(path: kind.rawValue)).map { name in
                    "tinker://\(run.lastPathComponent)/\(kind.rawValue)/\(name.lastPathComponent)"
                }
            }
        }
    }

    private static let optimizerFile = "optimizer.safetensors"

    private func optimizer(_ file: SafetensorsFile) throws -> (first: FloatBuffer, second: FloatBuffer, steps: Int) {
        guard let steps = file.metadata["step"].flatMap(Int.init), steps >= 0 else {
            throw TrainingError.checkpointMismatch("\(file.path) does not say its step")
        }
        return (
            FloatBuffer(try file.floats(file.tensor("exp_avg"))),
            FloatBuffer(try file.floats(file.tensor("exp_avg_sq"))), steps
        )
    }

    private func url(_ path: CheckpointPath) -> URL {
        root.appending(path: path.run).appending(path: path.kind.rawValue).appending(path: path.name)
    }

    private func write(_ adapter: Adapter, baseModel: String, to folder: URL) throws {
        try PEFTAdapter(
            baseModel: baseModel, rank: adapter.config.rank, alpha: LoraConfig.alpha,
            factors: adapter.layout.factors(of: adapter.parameters)
        ).write(to: folder.path)
    }

    /// Held while checkpoints get and lose their names, so that nobody takes that for an interruption.
    private static let renaming = Mutex(())

    private func replaced(_ path: CheckpointPath) -> URL {
        url(path).deletingLastPathComponent().appending(path: ".\(path.name).replaced")
    }

    /// Tidies up after a process that was killed while it replaced a checkpoint: the old one has its name again, unless the new one
    /// has it.
    private func recover(_ path: CheckpointPath) {
        let old = replaced(path), files = FileManager.default
        guard files.fileExists(atPath: old.path) else { return }
        if files.fileExists(atPath: url(path).path) {
            try? files.removeItem(at: old)
        } else {
            try? files.moveItem(at: old, to: url(path))
        }
    }

    private func write(_ path: CheckpointPath, _ body: (URL) throws -> Void) throws {
        let target = url(path), files = FileManager.default
        let unfinished = target.deletingLastPathComponent().appending(path: ".\(path.name).unfinished")
        Self.renaming.withLock { _ in recover(path) }
        // What a killed process left behind is of no use.
        try? files.removeItem(at: unfinished)
        do {
            try files.createDirectory(at: unfinished, withIntermediateDirectories: true)
            try body(unfinished)
            // The same name again replaces the checkpoint, as on every service. The old one steps aside and does not go before the
            // new one has its name; `recover` brings it back if the process ends in between.
            try Self.renaming.withLock { _ in
                defer { recover(path) }
                if files.fileExists(atPath: target.path) { try files.moveItem(at: target, to: replaced(path)) }
                try files.moveItem(at: unfinished, to: target)
            }
        } catch {
            try? files.removeItem(at: unfinished)
            throw TrainingError.io("cannot save \(path) in \(root.path): \(error)")
        }
    }
}

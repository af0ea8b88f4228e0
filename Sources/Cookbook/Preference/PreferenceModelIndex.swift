import Foundation

/// Which sampling weights are preference models, and of what kind: a file of one line for each checkpoint, beside the
/// checkpoints themselves, so that a session finds a model wherever its run's folder is, or when it is gone.
public struct PreferenceModelIndex: Sendable {
    /// What is known of one checkpoint.
    public struct Entry: Sendable, Equatable, Codable {
        /// The weights.
        public var samplerPath: String
        /// How the model judges.
        public var kind: PreferenceModelKind
        /// The base model.
        public var modelName: String
        /// What writes the conversations that it judges.
        public var rendererName: String
        /// What the gate said of these weights; nil if they were not measured.
        public var verdict: PreferenceGate.Verdict?

        /// An entry by its parts.
        public init(
            samplerPath: String, kind: PreferenceModelKind, modelName: String, rendererName: String,
            verdict: PreferenceGate.Verdict? = nil
        ) {
            self.samplerPath = samplerPath
            self.kind = kind
            self.modelName = modelName
            self.rendererName = rendererName
            self.verdict = verdict
        }
    }

    /// The file; it and its folder are made when first needed.
    public let path: String

    /// The index in a file.
    public init(path: String) { self.path = path }

    /// What is known of a checkpoint; the latest entry counts. Throws `CookbookError.data` for a file that holds
    /// something else.
    public func entry(samplerPath: String) throws -> Entry? {
        try JSONLines.read(Entry.self, from: path).last { $0.samplerPath == samplerPath }
    }

    /// Adds a checkpoint.
    public func add(_ entry: Entry) throws {
        let folder = (path as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CookbookError.io("cannot make the folder \(folder): \(error.localizedDescription)")
        }
        try JSONLines.repair(path)
        try JSONLines.append(try JSONLines.line(entry), to: path)
    }
}

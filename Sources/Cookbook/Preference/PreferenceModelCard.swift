import Foundation
import TrainingAPI

/// What a preference model is, beside its checkpoints: `preference_model.json` in the run's folder.
public struct PreferenceModelCard: Sendable, Equatable, Codable {
    /// The name of the file.
    public static let fileName = "preference_model.json"

    /// How the model judges.
    public var kind: PreferenceModelKind
    /// The base model.
    public var modelName: String
    /// What writes the conversations that it judges.
    public var rendererName: String
    /// The sampler paths of the run's checkpoints, the latest last.
    public var samplerPaths: [String]
    /// What the gate said of the checkpoints that were measured, by sampler path.
    public var gates: [String: PreferenceGate.Verdict]

    /// A card without checkpoints.
    public init(kind: PreferenceModelKind, modelName: String, rendererName: String) {
        self.kind = kind
        self.modelName = modelName
        self.rendererName = rendererName
        samplerPaths = []
        gates = [:]
    }

    /// The card in a run's folder; nil if there is none.
    public static func read(_ directory: RunDirectory) throws -> PreferenceModelCard? {
        guard let data = FileManager.default.contents(atPath: directory.file(fileName)) else { return nil }
        do {
            return try JSONDecoder().decode(PreferenceModelCard.self, from: data)
        } catch {
            throw CookbookError.data(
                "expected the description of a preference model", file: directory.file(fileName),
                hint: "evaluate the model again: pass kind and renderer_name by hand")
        }
    }

    /// Puts the card into a run's folder.
    public func write(_ directory: RunDirectory) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try JSONLines.write(try encoder.encode(self), to: directory.file(Self.fileName))
    }

    /// What the card says of one checkpoint.
    func entry(samplerPath: String) -> PreferenceModelIndex.Entry {
        PreferenceModelIndex.Entry(
            samplerPath: samplerPath, kind: kind, modelName: modelName, rendererName: rendererName,
            verdict: gates[samplerPath])
    }

    /// The card that lists a sampler path, looked for in the given folders and the folders inside of them, two levels
    /// deep.
    public static func find(samplerPath: String, in roots: [String]) throws -> PreferenceModelCard? {
        var folders = roots.map { RunDirectory(path: $0).path }
        for _ in 0...2 {
            for folder in folders {
                let card = try read(RunDirectory(path: folder))
                if let card, card.samplerPaths.contains(samplerPath) { return card }
            }
            folders = folders.flatMap { folder in
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
                return names.sorted().map { folder + "/" + $0 }.filter { isFolder($0) }
            }
        }
        return nil
    }

    private static func isFolder(_ path: String) -> Bool {
        (try? URL(fileURLWithPath: path).resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
    }

    private enum CodingKeys: String, CodingKey {
        case kind
        case modelName = "model_name"
        case rendererName = "renderer_name"
        case samplerPaths = "sampler_paths"
        case gates
    }
}

import Foundation
package import ModelFiles
import Synchronization
import Tokenizers

/// Finds the tokenizers of remote models without the services' help: where the user says, in the store of models, in the cache of
/// the Hugging Face library, and at last on its hub.
package final class RemoteTokenizers: Sendable {
    private let path: String?
    private let store: ModelStore
    private let hub: HubTokenizers
    private let loaded = Mutex<[String: any Tokenizer]>([:])
    private let turn = Budget(1)

    /// Looks at `path` if the user gave one (a `tokenizer.json`, the folder in which it lies, a GGUF file, or a model of the store by
    /// name), else for a model of the same name. Without a transport nothing is downloaded.
    package init(path: String?, store: ModelStore, environment: [String: String], transport: (any HTTPTransport)? = nil) {
        self.path = path
        self.store = store
        hub = HubTokenizers(
            environment: environment, folder: URL(filePath: store.folder).deletingLastPathComponent().appending(path: "tokenizers"),
            transport: transport)
    }

    /// The tokenizer of a model; one that is missing if it is nowhere. Throws `ModelFileError` for a file that cannot be read.
    func tokenizer(
        of model: String, id: String?, pacing: Pacing, notice: @escaping @Sendable (String) -> Void
    ) async throws -> any Tokenizer {
        if let path { return try load(path) }
        // Two clients of one model must not both download it.
        return try await turn.withShare(1) {
            let id = id ?? model
            if let known = loaded.withLock({ $0[id] }) { return known }
            let found = try await find(model, id, pacing, notice)
            loaded.withLock { $0[id] = found }
            return found
        }
    }

    private func find(
        _ model: String, _ id: String, _ pacing: Pacing, _ notice: @escaping @Sendable (String) -> Void
    ) async throws -> any Tokenizer {
        // A model's name may have a variant behind it: `org/model/variant`.
        let last = id.prefix { $0 != ":" }.split(separator: "/").dropFirst(id.contains("/") ? 1 : 0).first.map(String.init) ?? id
        for entry in store.models()
        where entry.isFetched && [model, last].contains(where: { $0.lowercased() == entry.name.lowercased() }) {
            return try load(entry.path)
        }
        let missing = "the tokenizer of \(model) is not on this machine"
        // Services of this machine may name a folder.
        if id.hasPrefix("/"), FileManager.default.fileExists(atPath: TokenizerFile(path: id).path) { return try load(id) }
        guard let repository = HubTokenizers.Repository(id) else { return MissingTokenizer(problem: missing) }
        do throws(HubTokenizers.Problem) {
            let folder = try await hub.folder(of: repository, pacing: pacing, notice: notice)
            do { return try load(folder.path) } catch { throw .unusable("\(error)") }
        } catch {
            if case .cancelled = error { throw RemoteError.cancelled }
            return MissingTokenizer(problem: "\(missing): \(error)")
        }
    }

    private func load(_ path: String) throws -> any Tokenizer {
        if let tokenizer = loaded.withLock({ $0[path] }) { return tokenizer }
        var isFolder: ObjCBool = false
        let plain = NSString(string: path).expandingTildeInPath
        let exists = unsafe FileManager.default.fileExists(atPath: plain, isDirectory: &isFolder)
        let tokenizer: any Tokenizer =
            exists && (isFolder.boolValue || plain.lowercased().hasSuffix(".json"))
            ? try TokenizerFile(path: plain).tokenizer() : try GGUFFile(path: try store.resolve(path).path).tokenizer()
        loaded.withLock { $0[path] = tokenizer }
        return tokenizer
    }
}

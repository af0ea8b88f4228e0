import Foundation
package import ModelFiles
import Synchronization
import Tokenizers

/// Finds the tokenizers of remote models on this machine; services do not hand them out.
package final class RemoteTokenizers: Sendable {
    private let path: String?
    private let store: ModelStore
    private let environment: [String: String]
    private let loaded = Mutex<[String: any Tokenizer]>([:])

    /// Looks at `path` if the user gave one (a GGUF file, or a model of the store by name), else for a model of the same name in
    /// the store.
    package init(path: String?, store: ModelStore, environment: [String: String]) {
        self.path = path
        self.store = store
        self.environment = environment
    }

    /// The tokenizer of a model; one that is missing if it is nowhere. Throws `ModelFileError` for a file that cannot be read.
    func tokenizer(of model: String, id: String?) throws -> any Tokenizer {
        if let path { return try load(try store.resolve(path).path) }
        // Ids may name a revision, and a model's name a variant: `org/model/variant`.
        let name = (id ?? model).split(separator: ":").first.map(String.init) ?? model
        let last = name.split(separator: "/").dropFirst(name.contains("/") ? 1 : 0).first.map(String.init) ?? name
        for entry in store.models()
        where entry.isFetched && [model, last].contains(where: { $0.lowercased() == entry.name.lowercased() }) {
            return try load(entry.path)
        }
        let cached = cachedFile(name).map { "; \($0) is in a form that this version does not read" } ?? ""
        return MissingTokenizer(problem: "the tokenizer of \(model) is not on this machine" + cached)
    }

    private func load(_ path: String) throws -> any Tokenizer {
        if let tokenizer = loaded.withLock({ $0[path] }) { return tokenizer }
        let tokenizer = try GGUFFile(path: path).tokenizer()
        loaded.withLock { $0[path] = tokenizer }
        return tokenizer
    }

    /// The model's `tokenizer.json` in the Hugging Face cache.
    private func cachedFile(_ name: String) -> String? {
        let parts = name.split(separator: "/").prefix(2)
        guard parts.count == 2, !parts.contains("..") else { return nil }
        let home = environment["HF_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.cache/huggingface"
        let snapshots = URL(filePath: home).appending(path: "hub/models--" + parts.joined(separator: "--") + "/snapshots")
        let folders = (try? FileManager.default.contentsOfDirectory(at: snapshots, includingPropertiesForKeys: nil)) ?? []
        return folders.map { $0.appending(path: "tokenizer.json").path }.sorted()
            .first { FileManager.default.fileExists(atPath: $0) }
    }
}

public import Foundation

/// The folder where fetched models lie, and the names under which they are known.
public struct ModelStore: Sendable {
    /// A model that `scripts/fetch-model` can fetch.
    public struct KnownModel: Sendable, Equatable {
        /// The name that users write.
        public let name: String
        /// The file's name in the store's folder.
        public let file: String
    }

    /// A model as found: its name and where its file lies.
    public struct Entry: Sendable, Equatable {
        /// What finds the model again: the known name, the name of a file in the store without its extension, else the full path.
        public let name: String
        /// The path of the GGUF file.
        public let path: String
        /// Whether the file is there.
        public let isFetched: Bool
    }

    /// The model that is used when none is named.
    public static let defaultModel = KnownModel(name: "SmolLM2-135M-Instruct", file: "SmolLM2-135M-Instruct.Q4_1.gguf")
    /// All models that can be fetched by name.
    public static let knownModels = [defaultModel]

    /// The folder that holds the files.
    public let folder: String

    /// The store at a folder.
    public init(folder: String) { self.folder = folder }

    /// The user's store: `models` in `RLHF_REPL_CACHE`, in `XDG_CACHE_HOME/rlhf-repl`, or in `~/.cache/rlhf-repl`.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let cache =
            value("RLHF_REPL_CACHE") ?? value("XDG_CACHE_HOME").map { $0 + "/rlhf-repl" }
            ?? (value("HOME") ?? NSHomeDirectory()) + "/.cache/rlhf-repl"
        self.init(folder: cache + "/models")
    }

    /// The models that are known or lie in the folder, by name.
    public func models() -> [Entry] {
        let known = Self.knownModels.map { model in
            let path = folder + "/" + model.file
            return Entry(name: model.name, path: path, isFetched: FileManager.default.fileExists(atPath: path))
        }
        // A folder that does not exist yet is an empty one.
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let others = files.filter { file in
            file.lowercased().hasSuffix(".gguf") && !Self.knownModels.contains { $0.file == file }
        }
        return (known + others.map { Entry(name: String($0.dropLast(5)), path: folder + "/" + $0, isFetched: true) })
            .sorted { $0.name < $1.name }
    }

    /// The model of a name in any case, or of a path to a `.gguf` file.
    public func resolve(_ name: String) throws(ModelFileError) -> Entry {
        if name.contains("/") || name.lowercased().hasSuffix(".gguf") { return try file(at: name) }
        let entries = models()
        guard let entry = entries.first(where: { $0.name.lowercased() == name.lowercased() }) else {
            throw .unknownModel(
                name, near: Self.resembling(name, among: entries.map(\.name)), known: entries.map(\.name),
                searched: folder)
        }
        guard entry.isFetched else { throw .notFetched(entry.name, path: entry.path) }
        return entry
    }

    private func file(at path: String) throws(ModelFileError) -> Entry {
        let path = NSString(string: path).expandingTildeInPath
        guard FileManager.default.fileExists(atPath: path) else {
            throw .io(file: path, operation: "read", reason: "no such file")
        }
        let full = URL(fileURLWithPath: path).standardizedFileURL.path
        return models().first { URL(fileURLWithPath: $0.path).standardizedFileURL.path == full }
            ?? Entry(name: full, path: full, isFetched: true)
    }

    /// The names that contain the word, or come close to it in spelling.
    private static func resembling(_ word: String, among names: [String]) -> [String] {
        let word = word.lowercased()
        return names.filter { name in
            let name = name.lowercased()
            return !word.isEmpty && (name.contains(word) || word.contains(name))
                || editDistance(word, name) <= max(2, name.utf8.count / 3)
        }
    }

    /// The number of bytes to insert, delete or replace to turn one word into the other (Levenshtein).
    private static func editDistance(_ first: String, _ second: String) -> Int {
        let second = Array(second.utf8)
        var row = Array(0...second.count)
        for (line, byte) in first.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in second.indices {
                let replaced = diagonal + (byte == second[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[second.count]
    }
}

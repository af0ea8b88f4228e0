import Foundation
import ModelFiles

/// The tokenizer files of models on the Hugging Face hub: in the cache of its library, among our own downloads, or downloaded now.
/// `HF_HUB_CACHE`, `HF_HOME`, `HF_ENDPOINT`, `HF_TOKEN` and `HF_HUB_OFFLINE` mean what they mean to that library.
struct HubTokenizers: Sendable {
    /// A model on the hub: `org/name`, perhaps with `:revision`.
    struct Repository: Sendable, Equatable {
        let organization: String
        let name: String
        let revision: String

        /// Nil for what cannot be on the hub.
        init?(_ id: String) {
            let halves = id.split(separator: ":", maxSplits: 1).map(String.init)
            let parts = (halves.first ?? "").split(separator: "/", omittingEmptySubsequences: false).prefix(2).map(String.init)
            let revision = halves.count > 1 ? halves[1] : "main"
            // All of them become parts of paths.
            let isPlain = (parts + [revision]).allSatisfy { part in
                !part.isEmpty && !part.hasPrefix(".")
                    && part.utf8.allSatisfy { $0 < 128 && ($0.isLetterOrDigit || $0 == 45 || $0 == 46 || $0 == 95) }
            }
            guard parts.count == 2, isPlain else { return nil }
            (organization, name, self.revision) = (parts[0], parts[1], revision)
        }
    }

    /// Why there are no files.
    enum Problem: Error, CustomStringConvertible {
        case offline
        case notAllowed(String)
        case notThere(String)
        case unusable(String)
        case network(String)
        case cancelled

        var description: String {
            switch self {
            case .offline: "HF_HUB_OFFLINE forbids downloads"
            case .notAllowed(let host): "\(host) gives it to those alone who were let in; set HF_TOKEN"
            case .notThere(let host): "\(host) has no such model"
            case .unusable(let reason), .network(let reason): reason
            case .cancelled: "cancelled"
            }
        }
    }

    private static let mainFile = "tokenizer.json"

    private let environment: [String: String]
    /// Where downloads are kept.
    private let downloads: URL
    private let transport: (any HTTPTransport)?

    init(environment: [String: String], folder: URL, transport: (any HTTPTransport)?) {
        self.environment = environment
        downloads = folder
        self.transport = transport
    }

    /// The folder with a model's tokenizer files.
    func folder(
        of repository: Repository, pacing: Pacing, notice: @escaping @Sendable (String) -> Void
    ) async throws(Problem) -> URL {
        if let cached = cached(repository) { return cached }
        let folder = downloads.appending(path: repository.organization).appending(path: repository.name)
            .appending(path: repository.revision)
        if Self.isComplete(folder) { return folder }
        guard let transport else { throw .unusable("nobody may download it") }
        guard !["1", "true", "yes", "on"].contains(value("HF_HUB_OFFLINE")?.lowercased()) else { throw .offline }
        try await download(repository, FileDownload(transport: transport, pacing: pacing, limit: 1 << 28), folder, notice)
        return folder
    }

    // MARK: Parts

    private func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    private static func isComplete(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: mainFile).path)
    }

    private var home: URL {
        if let home = value("HF_HOME") { return URL(filePath: home) }
        let caches = value("XDG_CACHE_HOME") ?? (value("HOME") ?? NSHomeDirectory()) + "/.cache"
        return URL(filePath: caches).appending(path: "huggingface")
    }

    /// The newest snapshot in the library's cache.
    private func cached(_ repository: Repository) -> URL? {
        let hub = value("HF_HUB_CACHE").map { URL(filePath: $0) } ?? home.appending(path: "hub")
        let model = hub.appending(path: "models--\(repository.organization)--\(repository.name)")
        let snapshots = model.appending(path: "snapshots")
        let reference = model.appending(path: "refs").appending(path: repository.revision)
        let wanted = (try? String(contentsOf: reference, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
        var names = [wanted ?? repository.revision]
        // The cache may have been filled by a commit's name alone; any is better than none where none was asked for.
        if repository.revision == "main" {
            names += ((try? FileManager.default.contentsOfDirectory(atPath: snapshots.path)) ?? []).sorted()
        }
        return names.lazy.map { snapshots.appending(path: $0) }.first(where: Self.isComplete)
    }

    private var token: String? {
        if let token = value("HF_TOKEN") { return token }
        let file = value("HF_TOKEN_PATH").map { URL(filePath: $0) } ?? home.appending(path: "token")
        let text = (try? String(contentsOf: file, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Fetches the tokenizer and what says how texts end; the tokenizer comes last, because where it lies the rest does.
    private func download(
        _ repository: Repository, _ download: FileDownload, _ folder: URL, _ notice: @escaping @Sendable (String) -> Void
    ) async throws(Problem) {
        var endpoint = value("HF_ENDPOINT") ?? "https://huggingface.co"
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        let host = URL(string: endpoint)?.host ?? endpoint
        let name = "\(repository.organization)/\(repository.name)"
        let headers = token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
        notice("downloading the tokenizer of \(name) from \(host)")
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw .unusable("\(folder.path) cannot be made: \(error.localizedDescription)")
        }
        for file in TokenizerFile.companions + [Self.mainFile] {
            let target = folder.appending(path: file)
            let part = folder.appending(path: ".\(file).part")
            defer { try? FileManager.default.removeItem(at: part) }
            let steps = DownloadSteps { notice("\(name): \(file): \($0)") }
            do {
                let outcome = try await download.fetch(
                    "\(endpoint)/\(name)/resolve/\(repository.revision)/\(file)", headers: headers, to: part, progress: steps.report)
                try? FileManager.default.removeItem(at: target)
                try FileManager.default.moveItem(at: part, to: target)
                try Data("\(outcome.sha256)  \(file)\n".utf8).write(to: folder.appending(path: file + ".sha256"))
                if file == Self.mainFile { notice("\(name): \(outcome.bytes >> 10) kB in \(target.path), SHA-256 \(outcome.sha256)") }
            } catch RemoteError.refused(status: 404, _) where file != Self.mainFile {
                continue
            } catch {
                throw Problem(error, host)
            }
        }
    }
}

extension HubTokenizers.Problem {
    fileprivate init(_ error: any Error, _ host: String) {
        switch error {
        case RemoteError.refused(status: 401, _), RemoteError.refused(status: 403, _): self = .notAllowed(host)
        case RemoteError.refused(status: 404, _): self = .notThere(host)
        case RemoteError.cancelled, is CancellationError: self = .cancelled
        case let error as RemoteError:
            let failure = RemoteFailure(error: error, verb: "download", service: host).trainingError
            self = .network("\(failure)")
        default: self = .unusable("\(error.localizedDescription)")
        }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool { (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self) }
}

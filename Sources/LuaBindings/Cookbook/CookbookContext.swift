public import Cookbook
public import Foundation
import Synchronization
public import TrainingAPI

/// What the session lends to the cookbook's bindings.
public struct CookbookContext: Sendable {
    /// Where models are trained and sampled.
    public var service: any TrainingService
    /// The base model, unless a script names another one.
    public var modelName: String
    /// Where runs get a dated folder of their own, unless a script names one.
    public var logDir: String
    /// Which checkpoints are preference models, in this session and earlier ones.
    public var preferenceModels: PreferenceModelIndex
    /// Where runners tell how far they are.
    public var progress: any ProgressSink
    /// The folders of the runs that this session has begun.
    let folders = RunFolders()
    /// The time that dated folders are named after.
    public var now: @Sendable () -> Date

    /// What a session lends.
    public init(
        service: any TrainingService, modelName: String, logDir: String, preferenceModels: PreferenceModelIndex,
        progress: any ProgressSink = SilentProgress(),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.service = service
        self.modelName = modelName
        self.logDir = logDir
        self.preferenceModels = preferenceModels
        self.progress = progress
        self.now = now
    }
}

/// The folders of a session's runs, wherever they are: where a preference model's description is looked for.
final class RunFolders: Sendable {
    private let paths = Mutex<[String]>([])

    /// Remembers a folder.
    func add(_ path: String) { paths.withLock { if !$0.contains(path) { $0.append(path) } } }

    /// The folders, the latest first.
    var all: [String] { paths.withLock { $0.reversed() } }
}

extension CookbookContext {
    /// The folders of the runs that this session has begun.
    public var runFolders: [String] { folders.all }

    /// Where a preference model's run may be.
    var preferenceRoots: [String] { folders.all + [logDir] }

    /// A fresh folder below `logDir`, named after the time and a kind of run: `2025-01-31-14-05-09-sft`.
    func datedLogPath(_ kind: String) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyy-MM-dd-HH-mm-ss"
        let stem = "\(logDir)/\(formatter.string(from: now()))-\(kind)"
        // Two runs that begin in the same second must not share a folder: the later one would resume the earlier.
        var path = stem
        var number = 1
        while FileManager.default.fileExists(atPath: (path as NSString).expandingTildeInPath) {
            number += 1
            path = "\(stem)-\(number)"
        }
        return path
    }
}

public import Foundation

/// Where tests and the programs that they start put files: a folder of this process, which goes away with it. What processes left
/// that were killed goes away with the next.
public enum ScratchFolder {
    private static let prefix = "rlhf-repl-tests-"

    /// The folder.
    public static let url: URL = {
        let manager = FileManager.default
        let parent = manager.temporaryDirectory
        for name in (try? manager.contentsOfDirectory(atPath: parent.path)) ?? [] where name.hasPrefix(prefix) {
            guard let process = pid_t(name.dropFirst(prefix.count)), kill(process, 0) != 0, errno == ESRCH else { continue }
            try? manager.removeItem(at: parent.appending(path: name))
        }
        let url = parent.appending(path: prefix + String(getpid()))
        do {
            try manager.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            preconditionFailure("tests need a temporary folder: \(error)")
        }
        atexit { try? FileManager.default.removeItem(at: ScratchFolder.url) }
        return url
    }()
}

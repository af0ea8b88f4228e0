internal import Foundation

/// Names of files that go on from a half-typed path.
enum FileCompletion {
    /// Folders get a slash, files what closes their path. Hidden ones only when the name begins with a dot.
    static func candidates(_ path: String, closing: String = "") -> [CompletionList.Candidate] {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let stem = path.dropFirst(folder.count)
        let place = folder.isEmpty ? "." : (folder as NSString).expandingTildeInPath
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        let fitting = names.filter { $0.hasPrefix(stem) && (stem.hasPrefix(".") || !$0.hasPrefix(".")) }.sorted()
        return fitting.prefix(Completer.limit).map { name in
            var isFolder: ObjCBool = false
            _ = unsafe FileManager.default.fileExists(atPath: place + "/" + name, isDirectory: &isFolder)
            let end = isFolder.boolValue ? "/" : ""
            return CompletionList.Candidate(
                text: folder + name + end, suffix: isFolder.boolValue ? "" : closing, label: name + end)
        }
    }
}

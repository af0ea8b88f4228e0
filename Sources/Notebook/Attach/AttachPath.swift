internal import Foundation

/// Where a session listens for cells when nobody says otherwise.
public enum AttachPath {
    /// `attach.sock` in the user's runtime folder, else in the folder for state.
    public static func standard(environment: [String: String]) -> String {
        if let folder = environment["XDG_RUNTIME_DIR"], folder.hasPrefix("/") { return folder + "/rlhf-repl.sock" }
        let state = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (state ?? (environment["HOME"] ?? "/tmp") + "/.local/state") + "/rlhf-repl/attach.sock"
    }

    /// Makes the folder, for the user alone, where it is missing.
    static func makeFolder(for path: String) throws {
        try FileManager.default.createDirectory(
            at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }
}

import Foundation

/// The project's own small data set, which ships with the tutorials.
public enum StarterData {
    /// Conversations for supervised learning, split into train and test by the file. Throws `CookbookError.missingFile` naming the
    /// places where it was looked for.
    public static func conversations() throws(CookbookError) -> ConversationDataset {
        try .load(.file(find("sft.jsonl")), split: .asMarked)
    }

    /// Comparisons for preference learning, split into train and test by the file.
    public static func comparisons() throws(CookbookError) -> ComparisonDataset {
        try .load(.file(find("comparisons.jsonl")), split: .asMarked)
    }

    /// The path of one of the starter files.
    public static func find(_ name: String) throws(CookbookError) -> String {
        let paths = folders().map { $0 + "/" + name }
        guard let path = paths.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw .missingFile(
                "starter data file '\(name)'", searched: paths,
                hint:
                    "start the program inside of its checkout, or set RLHF_REPL_SHARE to the folder that holds tutorials/starter"
            )
        }
        return path
    }

    /// Where the starter data may be: below `$RLHF_REPL_SHARE`, in the checkout that the program was built in, in the folder that the
    /// user stands in. The variable, if set, is the only place: a wrong one must not be covered up.
    private static func folders() -> [String] {
        if let share = ProcessInfo.processInfo.environment["RLHF_REPL_SHARE"], !share.isEmpty {
            return [share + "/tutorials/starter", share + "/starter", share]
        }
        let here = FileManager.default.currentDirectoryPath
        let roots = [checkout(), here].compactMap(\.self)
        return (roots.first == here ? [here] : roots).map { $0 + "/tutorials/starter" }
    }

    /// The nearest folder above the executable that holds a package.
    private static func checkout() -> String? {
        guard let executable = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
        var folder = executable.deletingLastPathComponent()
        while folder.path.count > 1 {
            if FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) {
                return folder.path
            }
            folder = folder.deletingLastPathComponent()
        }
        return nil
    }
}

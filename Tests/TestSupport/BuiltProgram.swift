import Foundation

/// Programs that the package has built, run through pipes.
public enum BuiltProgram {
    /// What a run has given.
    public struct Result: Sendable {
        /// The text on standard output.
        public let output: String
        /// The text on standard error.
        public let error: String
        /// The exit status.
        public let status: Int32
    }

    /// The path of an executable beside the test bundle.
    public static func path(_ name: String) -> String {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name).path
    }

    /// Runs an executable with the given standard input and waits for its end.
    public static func run(
        _ name: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: path(name))
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin", "TMPDIR": ScratchFolder.url.path].merging(environment) { _, new in new }
        // Files instead of pipes: no reader has to keep up, whatever the program writes.
        let folder = ScratchFolder.url.appending(path: "run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ name: String, _ text: String) throws -> URL {
            let file = folder.appending(path: name)
            try Data(text.utf8).write(to: file)
            return file
        }
        let (outputFile, errorFile) = (try file("output", ""), try file("error", ""))
        process.standardInput = try FileHandle(forReadingFrom: file("input", input))
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        try process.run()
        process.waitUntilExit()
        return Result(
            output: try String(contentsOf: outputFile, encoding: .utf8),
            error: try String(contentsOf: errorFile, encoding: .utf8), status: process.terminationStatus)
    }
}

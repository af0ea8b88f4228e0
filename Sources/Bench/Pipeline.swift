import Dispatch
import Foundation
import Synchronization

/// The whole tutorial, all three stages with their evaluations, in a process of its own with a folder of its own.
struct Pipeline {
    /// The tutorial's path.
    var script: String
    /// One step for each stage.
    var isSmoke: Bool
    /// This program.
    var executable: String

    /// The time of a run and its peak memory in bytes. `progress` is told what the tutorial prints.
    func run(
        model: String, threads: Int, interruption: Interruption, progress: (String) -> Void
    ) throws -> (seconds: Double, peakBytes: Int) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bench-pipeline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // What is left of a temporary folder does no harm.
        defer { try? FileManager.default.removeItem(at: folder) }
        let clock = ContinuousClock()
        let start = clock.now
        let child = try ChildProcess(
            name: "the tutorial", executable: executable,
            arguments: [
                "--quiet", "--color", "never", "--model", model, "--threads", "\(threads)", "--log-dir", folder.path,
                "--set", "log_path=\(folder.appending(path: "runs").path)", "--set", "smoke=\(isSmoke)", script,
            ],
            environment: ["XDG_DATA_HOME": folder.path], interruption: interruption)
        let peak = Mutex(0)
        let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        timer.schedule(deadline: .now(), repeating: 0.25)
        timer.setEventHandler { [process = "\(child.identifier)"] in
            peak.withLock { $0 = max($0, ResidentMemory.peak(of: process)) }
        }
        timer.resume()
        defer { timer.cancel() }
        while let line = child.nextLine() { progress(line) }
        try child.end()
        return (start.duration(to: clock.now) / .seconds(1), peak.withLock(\.self))
    }

    /// The tutorial beside the program or in the folder the user stands in.
    static func findScript(executable: String) throws(BenchError) -> String {
        let name = "tutorials/407_rlhf.lua"
        var folders = [FileManager.default.currentDirectoryPath]
        var folder = URL(filePath: executable).resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.path.count > 1 {
            folders.append(folder.path)
            folder = folder.deletingLastPathComponent()
        }
        let found = folders.map { $0 + "/" + name }.first { FileManager.default.fileExists(atPath: $0) }
        guard let found else { throw .missing(name, hint: "start the program inside of its checkout") }
        return found
    }
}

internal import Display
public import Foundation
internal import LuaRuntime

/// The executed cells of a session, in a file in percent format: results stand as comments, so the file runs again.
public final class Transcript {
    /// The file; made when the first cell has run.
    public let file: URL
    /// The folders of the session's runs: each keeps a copy, so that a run tells how it came about.
    public var runFolders: () -> [String] = { [] }
    private var handle: FileHandle?
    private var hasFailed = false

    /// A transcript in a folder, named after the time and the process.
    public init(folder: URL, date: Date = Date()) {
        let format = Date.VerbatimFormatStyle(
            format:
                "\(year: .defaultDigits)-\(month: .twoDigits)-\(day: .twoDigits)T\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased))-\(minute: .twoDigits)-\(second: .twoDigits)",
            locale: Locale(identifier: "en_US_POSIX"), timeZone: .current, calendar: Calendar(identifier: .gregorian))
        let name = "\(date.formatted(format))-\(ProcessInfo.processInfo.processIdentifier).lua"
        file = folder.appending(path: name)
    }

    /// Adds a cell. The first failure to write is returned as a warning; from then on nothing is written.
    func append(_ execution: Execution) -> String? {
        guard !hasFailed else { return nil }
        do {
            try opened().write(contentsOf: Data(Self.text(execution).utf8))
        } catch {
            hasFailed = true
            return "warning: no transcript is kept: \(file.path): \(error.localizedDescription)"
        }
        return copied()
    }

    /// Writes the transcript so far into the folders of runs, which may be gone by now.
    private func copied() -> String? {
        for folder in runFolders() where FileManager.default.fileExists(atPath: folder) {
            let copy = URL(filePath: folder).appending(path: "transcript-\(file.lastPathComponent)")
            do {
                try Data(contentsOf: file).write(to: copy, options: .atomic)
            } catch {
                hasFailed = true
                return "warning: no transcript is kept: \(copy.path): \(error.localizedDescription)"
            }
        }
        return nil
    }

    /// A cell in percent format.
    static func text(_ execution: Execution) -> String {
        var text =
            "-- %% \(execution.title.isEmpty ? "In[\(execution.number)]" : execution.title)\n\(KeyRedaction.redacted(execution.source))\n"
        for output in execution.outputs {
            switch output {
            case .printed(let printed): text += comment(KeyRedaction.redacted(printed), "out")
            case .display(let value), .result(let value):
                text += comment(KeyRedaction.redacted(TextRenderer(width: 100).text(value)), "out")
            case .error(let error): text += comment(KeyRedaction.redacted(error.description), "error")
            }
        }
        if let ending = execution.ending {
            let tenths = (execution.seconds * 10).rounded() / 10
            text += "--: \(ending.rawValue), \(tenths) s\n"
        }
        return text + "\n"
    }

    private static func comment(_ text: String, _ label: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { "--\(label)| \($0)\n" }.joined()
    }

    private func opened() throws -> FileHandle {
        if let handle { return handle }
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data().write(to: file, options: .withoutOverwriting)
        let handle = try FileHandle(forWritingTo: file)
        self.handle = handle
        return handle
    }
}

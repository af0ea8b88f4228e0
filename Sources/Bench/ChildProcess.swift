import Foundation

/// A child process that is talked with by lines. What it writes to standard error is kept, and its end told when it fails.
final class ChildProcess {
    let name: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let errorFile: URL
    private let interruption: Interruption
    private var unread = Data()
    private var hasEnded = false

    /// Starts a program. `environment` is added to this process's own.
    init(
        name: String, executable: String, arguments: [String], environment: [String: String] = [:],
        interruption: Interruption
    ) throws(BenchError) {
        self.name = name
        self.interruption = interruption
        errorFile = FileManager.default.temporaryDirectory.appending(path: "bench-\(UUID().uuidString).log")
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        try interruption.check()
        signal(SIGPIPE, SIG_IGN)  // a child that has ended is noticed by its missing answer
        do {
            try Data().write(to: errorFile)
            process.standardError = try FileHandle(forWritingTo: errorFile)
            try process.run()
        } catch {
            throw .cannotStart(name, reason: error.localizedDescription)
        }
        interruption.add(process.processIdentifier)
    }

    deinit {
        if !hasEnded { kill(process.processIdentifier, SIGKILL) }
        interruption.remove(process.processIdentifier)
        // A file that is gone already is as good.
        try? FileManager.default.removeItem(at: errorFile)
    }

    var identifier: Int32 { process.processIdentifier }

    /// Sends a line. To a child that has ended nothing is sent; `nextLine` and `end` tell of it.
    func send(_ line: String) {
        try? input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    }

    /// The next line of its standard output; nil when there are no more.
    func nextLine() -> String? {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread = Data(unread[unread.index(after: end)...]) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty {
                defer { unread = Data() }
                return unread.isEmpty ? nil : String(decoding: unread, as: UTF8.self)
            }
            unread.append(more)
        }
    }

    /// Closes its standard input and waits for its end, which has to be one without error.
    func end() throws(BenchError) {
        try? input.fileHandleForWriting.close()
        while nextLine() != nil {}
        process.waitUntilExit()
        hasEnded = true
        try interruption.check()
        guard process.terminationStatus == 0, process.terminationReason == .exit else {
            throw .childFailed(name, status: process.terminationStatus, detail: lastWords)
        }
    }

    /// The last lines on its standard error.
    private var lastWords: String {
        let text = (try? String(contentsOf: errorFile, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n").filter { $0.contains { !$0.isWhitespace } }
        return lines.suffix(2).joined(separator: " / ")
    }
}

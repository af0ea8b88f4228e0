public import Foundation

/// `rlhf-repl serve` in a process of its own, with a tiny model on a free port; it ends when this is freed.
public final class ServedModel: Sendable {
    /// The server's address.
    public let url: String
    /// The model's file, whose vocabulary clients have to be told.
    public let model: String
    /// Where the server keeps checkpoints, and where others may put theirs.
    public let folder: URL
    private let process: Process

    /// The server is up when this returns.
    public init(_ tiny: TinyModel = TinyModel(), arguments: [String] = []) throws {
        folder = ScratchFolder.url.appending(path: "served-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        model = folder.appending(path: "tiny.gguf").path
        try tiny.build().write(to: URL(filePath: model))
        let messages = Pipe()
        process = Process()
        process.executableURL = URL(filePath: BuiltProgram.path("rlhf-repl"))
        process.arguments = ["serve", "--model", model, "--port", "0", "--quiet", "--threads", "1"] + arguments
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder.path]
        process.standardError = messages
        process.standardInput = FileHandle.nullDevice
        try process.run()
        var text = ""
        while true {
            let part = messages.fileHandleForReading.availableData
            text += String(decoding: part, as: UTF8.self)
            if let address = text.firstMatch(of: #/at (http:\S+)/#) {
                url = String(address.1)
                return
            }
            if part.isEmpty { throw POSIXError(.ECONNREFUSED, userInfo: [NSLocalizedDescriptionKey: text]) }
        }
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }
}

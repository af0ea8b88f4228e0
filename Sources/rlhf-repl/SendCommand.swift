import ArgumentParser
import Foundation
import Notebook
import Terminal

/// `rlhf-repl send`: an editor's way to run a cell in a session that listens.
struct SendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Sends cells to a session that listens (repl.attach) and prints what they show.",
        discussion: """
            The text is Lua, cells in percent format, or a session command such as %cells. It runs when the session is idle. The \
            status is 1 when a cell fails. Without this program: nc -N -U SOCKET.
            """)

    @Option(
        help: ArgumentHelp("Where the session listens; by default where repl.attach() does.", valueName: "path"), completion: .file())
    var socket: String?

    @Option(help: ArgumentHelp("Send only the cell of the file in which this line is.", valueName: "n"))
    var line: Int?

    @Flag(help: "Do not wait for the result.")
    var noWait = false

    @Argument(help: ArgumentHelp("A file with the text; - is standard input.", valueName: "file"), completion: .file())
    var file: String

    func validate() throws {
        if line != nil, file == "-" { throw ValidationError("--line needs a file") }
    }

    func run() throws {
        let writer = TerminalWriter()
        let path = socket ?? AttachPath.standard(environment: ProcessInfo.processInfo.environment)
        let text = try text()
        let connection: UnixSocket
        do {
            connection = try UnixSocket(connectingTo: path)
        } catch let error as UnixSocket.Failure {
            writer.writeError(
                "error: no session listens at '\(path)': \(error.reason)\nhint: in the session, repl.attach() or %attach PATH\n")
            throw ExitCode(1)
        }
        guard connection.write(text) else {
            writer.writeError("error: the session at '\(path)' has hung up\n")
            throw ExitCode(1)
        }
        connection.endWriting()
        if noWait { return }
        let reply = String(decoding: connection.read(upTo: .max), as: UTF8.self)
        var lines = reply.split(separator: "\n", omittingEmptySubsequences: false)
        while lines.last?.isEmpty == true { lines.removeLast() }
        let ending = lines.last?.hasPrefix("--: ") == true ? lines.removeLast() : ""
        if !lines.isEmpty { writer.write(lines.joined(separator: "\n") + "\n") }
        guard ending.hasPrefix("--: ok") else {
            if ending.isEmpty { writer.writeError("error: the session ended before the cell had run\n") }
            throw ExitCode(1)
        }
    }

    private func text() throws -> String {
        if let line {
            guard let script = try? Script(contentsOf: file) else { throw ValidationError("cannot read \(file)") }
            guard let cell = script.cells.first(where: { $0.lines.contains(line) && $0.isCode }) else {
                throw ValidationError("line \(line) of \(file) is in no cell of code")
            }
            return cell.lines.map { script.lines[$0 - 1] }.joined(separator: "\n") + "\n"
        }
        do {
            if file == "-" { return String(decoding: try FileHandle.standardInput.readToEnd() ?? Data(), as: UTF8.self) }
            return try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ValidationError("cannot read \(file): \(error.localizedDescription)")
        }
    }
}

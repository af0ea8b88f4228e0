import ArgumentParser
import Foundation
import LuaRuntime
import Notebook
import Terminal

/// The program: a session, a script, or a chunk.
@main
struct ReplCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rlhf-repl",
        abstract: "An interactive Lua session to run RLHF on a language model, cell by cell.",
        discussion: """
            Without a script it opens a session; with one it runs every cell and exits, with status 1 at the first cell that \
            fails. Standard output carries what cells print; everything else goes to standard error.

            Subcommands, each with --help: `rlhf-repl pipeline` runs all three stages, `models` and `runs` list what there is, \
            `serve` offers the engine to other programs, `kernel` brings sessions to Jupyter, `bench` measures this machine and the \
            engine, `docs` writes the reference and settings for editors, `send` sends a cell to a running session.
            """,
        version: "rlhf-repl \(ReplCommand.version)")

    static let version = "0.1.0"

    /// A subcommand's word in the first place chooses it; see `Subcommands`.
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let word = arguments.first, Subcommands.contains(word) {
            Subcommands.main(arguments)
        } else {
            main(arguments)
        }
    }

    @OptionGroup var options: SessionOptions

    func run() throws { try Self.run(options) }

    /// Runs a session with these options to its end.
    static func run(_ options: SessionOptions) throws {
        // The watcher blocks the signals for every thread that is made after it, so it comes first.
        let interrupts = InterruptRouter()
        _ = SignalWatcher([SIGINT, SIGQUIT, SIGWINCH, SIGCONT]) { interrupts.handle($0) }
        let console = Console(options: options)
        do {
            let session = try Session(options: options, console: console, interrupts: interrupts, service: SessionService.chosen)
            let status = try session.run()
            if status != 0 { throw ExitCode(status) }
        } catch let status as ExitCode {
            throw status
        } catch {
            console.show(LuaError(error))
            throw ExitCode(1)
        }
    }
}

import ArgumentParser
import Display
import Foundation
import JupyterKernel
import LuaRuntime
import Terminal

/// `rlhf-repl kernel`: sessions in Jupyter.
struct KernelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel",
        abstract: "Runs sessions in Jupyter: notebooks, JupyterLab, consoles.",
        discussion: "After `rlhf-repl kernel install` Jupyter offers the kernel \"rlhf-repl (Lua)\".",
        subcommands: [Install.self, Run.self])

    /// `rlhf-repl kernel install`.
    struct Install: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells Jupyter about the kernel, by default for this user.",
            discussion: "What follows -- is given to every session: rlhf-repl kernel install -- --model PATH.gguf --threads 4.")

        @Flag(help: "For this user (the default).")
        var user = false

        @Flag(help: "Into the active Python environment.")
        var sysPrefix = false

        @Option(help: ArgumentHelp("Below a folder, as share/jupyter/kernels/rlhf-repl.", valueName: "folder"))
        var prefix: String?

        @Argument(parsing: .postTerminator, help: ArgumentHelp("Options of `kernel run`.", valueName: "options"))
        var options: [String] = []

        func validate() throws {
            if [user, sysPrefix, prefix != nil].filter(\.self).count > 1 {
                throw ValidationError("--user, --sys-prefix and --prefix name different places; give one of them")
            }
            _ = try Run.parse(["--connection-file", "file"] + options)
        }

        func run() throws {
            let writer = TerminalWriter()
            do {
                // The program itself, whatever link it was called by: links and paths change.
                let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
                let place: KernelSpec.Place = sysPrefix ? .environment : prefix.map { .prefix($0) } ?? .user
                let folder = try KernelSpec.folder(place, environment: ProcessInfo.processInfo.environment)
                try KernelSpec(program: program, options: options).install(into: folder)
                writer.write("installed \(folder.path)\n")
            } catch {
                writer.writeError("error: \(LuaError(error))\n")
                throw ExitCode(1)
            }
        }
    }

    /// `rlhf-repl kernel run`.
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Runs the kernel; Jupyter does that.")

        @Option(help: ArgumentHelp("Where Jupyter's clients are.", valueName: "file"))
        var connectionFile: String

        @OptionGroup var models: ModelOptions

        func run() throws {
            let interrupts = KernelInterrupts()
            // The watcher blocks the signal for every thread that is made after it, so it comes first.
            _ = SignalWatcher([SIGINT]) { _ in interrupts.press() }
            do {
                try KernelSession(connectionFile: connectionFile, models: models, interrupts: interrupts).run()
            } catch {
                TerminalWriter().writeError("error: \(LuaError(error))\n")
                throw ExitCode(1)
            }
        }
    }
}

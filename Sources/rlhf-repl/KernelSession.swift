import ArgumentParser
import Display
import Foundation
import JupyterKernel
import LuaRuntime
import Notebook
import Synchronization
import Terminal

/// Wires service, Lua state, notebook and kernel.
struct KernelSession {
    private let kernel: JupyterKernel
    private let notebook: Notebook
    private let service: SessionService

    init(connectionFile: String, models: ModelOptions, interrupts: KernelInterrupts) throws {
        let file = try ConnectionFile(contentsOf: connectionFile)
        // Jupyter's log stays where it is when standard error is captured below.
        let log = FileHandle(fileDescriptor: fcntl(2, F_DUPFD_CLOEXEC, 3))
        let connection = try KernelConnection(file) { line in
            // Where nobody keeps a log there is nobody to tell.
            try? log.write(contentsOf: Data("rlhf-repl kernel: \(line)\n".utf8))
        }
        let output = connection.output
        var options = try SessionOptions.parse([])
        options.models = models
        options.color = .always
        let writer = TerminalWriter(
            isOutputTerminal: false, isErrorTerminal: false,
            sink: { stream, text in output.write(text, to: stream == .output ? .stdout : .stderr) },
            status: { text, isLast in output.showProgress(text, isLast: isLast) })
        let console = Console(options: options, writer: writer)
        service = try SessionService.chosen(options, console)
        var view = console.view()
        output.attach(to: &view)
        notebook = try Notebook(state: LuaState(options: LuaState.Options(isSandboxed: models.sandbox)), view: view)
        notebook.isQuiet = true  // Jupyter shows numbers and times by itself
        try notebook.install(service, console: console)
        notebook.onRunning = { console.stages.setRunning($0) }
        notebook.lastSamples = { try console.stages.lastSamples() }
        let isSandboxed = models.sandbox
        notebook.shell = { isSandboxed ? 126 : ShellCommand.run($0) }
        notebook.transcript = options.transcript(runFolders: service.runFolders)
        kernel = try JupyterKernel(
            connection, notebook: notebook,
            description: KernelDescription(
                version: ReplCommand.version,
                banner: "rlhf-repl \(ReplCommand.version), \(service.title)\n%help lists the commands, help(x) and ?x explain."))
        interrupts.attach(kernel.interrupt)
        // Nobody types here; programs that cells start must not wait for somebody.
        let nothing = unsafe open("/dev/null", O_RDONLY)
        dup2(nothing, 0)
        close(nothing)
        kernel.captures = try [
            DescriptorCapture(1, as: .stdout, output: output), DescriptorCapture(2, as: .stderr, output: output),
        ]
    }

    /// Serves until Jupyter ends the kernel.
    func run() {
        kernel.run()
        notebook.detach()
        notebook.finishBackground()
        service.finish(true)
    }
}

/// Ctrl-C in a console reaches the kernel as a signal, too.
final class KernelInterrupts: Sendable {
    private let interrupt = Mutex<(@Sendable () -> Void)?>(nil)

    func attach(_ body: @escaping @Sendable () -> Void) { interrupt.withLock { $0 = body } }

    /// Stops what runs; before there is a kernel, the program.
    func press() {
        guard let body = interrupt.withLock({ $0 }) else { exit(130) }
        body()
    }
}

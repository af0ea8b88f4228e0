import Display
import Foundation
import LuaRuntime
import Notebook
import Terminal

/// Wires service, registry, Lua state, notebook and terminal, and runs what the command line asks for.
final class Session {
    private let options: SessionOptions
    private let console: Console
    private let interrupts: InterruptRouter
    private let service: SessionService
    private let notebook: Notebook
    private let input: any EntrySource
    private var isTerminal: Bool { input is LineEditor }

    init(
        options: SessionOptions, console: Console, interrupts: InterruptRouter,
        service makeService: SessionService.Factory
    ) throws {
        self.options = options
        self.console = console
        self.interrupts = interrupts
        service = try makeService(options, console)
        let state = try LuaState(options: LuaState.Options(isSandboxed: options.sandbox))
        notebook = try Notebook(
            state: state, view: console.view(), parameters: ScriptParameters(options.settings))
        input = Self.makeInput(options, console, notebook, interrupts)
        try configure()
    }

    /// Runs script, chunk or prompt, and writes what `--export` asks for, whatever happened; gives the exit status.
    func run() throws -> Int32 {
        defer { notebook.detach() }
        let outcome = Result { try runAll() }
        service.finish((try? outcome.get()) == 0)
        for path in options.export { try notebook.export(to: path) }
        return try outcome.get()
    }

    private func runAll() throws -> Int32 {
        defer { notebook.finishBackground() }
        if !options.quiet, options.chunk == nil {
            console.writer.writeError(
                console.errorStyle.paint("rlhf-repl \(ReplCommand.version), \(service.title)", .gray) + "\n")
        }
        if let chunk = options.chunk {
            let isFine = notebook.run(chunk).ending == .ok
            if !options.isInteractive { return isFine ? 0 : 1 }
        }
        if let path = options.script {
            let isFine = try runScript(path)
            if !options.isInteractive || notebook.wantsQuit { return isFine ? 0 : 1 }
        }
        return prompt()
    }

    // MARK: Parts

    private func configure() throws {
        let state = notebook.state
        try notebook.install(service, console: console)
        if let script = options.script {
            var table = LuaTable(array: options.scriptArguments.map { .string($0) })
            table["script"] = .string(script)
            try state.define("arg", .table(table))
        }

        notebook.isQuiet = options.quiet
        let waiting = WaitingBar(console)
        let samples = SamplesKey(console)
        notebook.onRunning = { [interrupts, console] isRunning in
            interrupts.setRunning(isRunning)
            console.stages.setRunning(isRunning)
            waiting.setRunning(isRunning)
            samples.setRunning(isRunning)
        }
        notebook.lastSamples = { [console] in try console.stages.lastSamples() }
        state.onTerminalLent = { isLent in
            waiting.setRunning(!isLent)
            samples.setTerminalLent(isLent)
        }
        notebook.inputHistory = { [input] in input.history }
        notebook.rememberEntry = { [input] in input.remember(KeyRedaction.redacted($0)) }
        notebook.shell = { [options] command in
            guard !options.sandbox else { return 126 }
            return ShellCommand.run(command)
        }
        if isTerminal { notebook.ask = { [unowned self] in ask($0) } }
        let isScriptOnly = !options.isInteractive && (options.script != nil || options.chunk != nil)
        interrupts.attach(state.mailbox, endsSession: isScriptOnly, writer: console.writer, samples: samples)
        if options.chunk == nil { notebook.transcript = options.transcript(runFolders: service.runFolders) }
    }

    private static func makeInput(
        _ options: SessionOptions, _ console: Console, _ notebook: Notebook, _ interrupts: InterruptRouter
    ) -> any EntrySource {
        let needsInput = options.isInteractive || options.step || (options.script == nil && options.chunk == nil)
        guard needsInput, isatty(0) == 1, console.writer.isOutputTerminal else { return PlainInput() }
        let folder = HistoryFile.stateFolder(environment: ProcessInfo.processInfo.environment)
        let history = HistoryFile(file: folder.appending(path: "history"))
        guard let editor = LineEditor(writer: console.writer, historyFile: history, style: console.style) else { return PlainInput() }
        editor.complete = { [unowned notebook] text in LineCompletion(notebook.complete(text)) }
        let interrupt = editor.interrupt
        editor.onWake = { [unowned notebook] in if notebook.servePending() { interrupt() } }
        notebook.aside = { [unowned editor, unowned notebook] body in
            editor.aside(body) { promptText(notebook, console) }
        }
        editor.watchedDescriptor = notebook.state.mailbox.wakeDescriptor
        interrupts.attachPrompt(interrupt: editor.interrupt, resize: editor.resized, resume: editor.continued)
        return editor
    }

    // MARK: Script

    private func runScript(_ path: String) throws -> Bool {
        notebook.open(try Script(contentsOf: path))
        let count = notebook.script?.codeCells.count ?? 0
        let numbers =
            try options.cells.map { try CellSelection($0).numbers(count: count) } ?? Array(0..<count).map { $0 + 1 }
        let failed: Execution?
        if options.step {
            let stepper = Stepper(notebook: notebook) { [unowned self] in ask($0) }
            failed = try stepper.run(numbers)
        } else {
            failed = try notebook.runCells(numbers)
        }
        guard failed == nil else { return false }
        try notebook.parameters.checkUnknown()
        return true
    }

    /// A line that is no entry: an answer to a question.
    private func ask(_ prompt: String) -> String? {
        if !isTerminal { console.writer.writeError(prompt + "\n") }
        let entry = input.readEntry(prompt: prompt, continuation: "", isIncomplete: { _ in false })
        guard case .text(let line) = entry else { return nil }
        return line
    }

    // MARK: Prompt

    private static func promptText(_ notebook: Notebook, _ console: Console) -> String {
        console.style.prompt("[\(notebook.executions.count + 1)]", .bold, .green) + "> "
    }

    private func prompt() -> Int32 {
        if isTerminal, !options.quiet {
            console.writer.writeError("%help lists the commands, help(x) and ?x explain, Ctrl-D ends.\n")
        }
        var isFine = true
        var interrupts = 0  // in a row
        while true {
            notebook.runSentCells()
            if notebook.wantsQuit { break }
            let number = notebook.executions.count + 1
            let entry = input.readEntry(
                prompt: Self.promptText(notebook, console),
                continuation: String(repeating: " ", count: String(number).count) + "..> ",
                isIncomplete: notebook.isIncomplete)
            switch entry {
            case .end: return isTerminal || isFine ? 0 : 1
            case .interrupted:
                interrupts += 1
                if interrupts == 1 { notebook.noteBackground() } else { notebook.stopBackground() }
            case .text(let text):
                interrupts = 0
                guard text.contains(where: { !$0.isWhitespace }) else { continue }
                input.remember(KeyRedaction.redacted(text))
                if !notebook.runEntry(text) { isFine = false }
                if notebook.executions.last?.ending == .interrupted { interrupts = 1 }
            }
        }
        return isTerminal || isFine ? 0 : 1
    }
}

internal import Dispatch
public import Display
internal import LuaBindings
public import LuaRuntime

/// Runs cells in one Lua state and remembers what ran: numbers, results, states. A cell never runs by itself.
public final class Notebook {
    /// Where cells run.
    public let state: LuaState
    /// How things are shown.
    public var view: NotebookView
    /// The open script.
    public internal(set) var script: Script?
    /// All runs so far, oldest first.
    public private(set) var executions: [Execution] = []
    /// Where executed cells are written down.
    public var transcript: Transcript?
    /// Whether titles and times are left out.
    public var isQuiet = false
    /// What `--set` gave.
    public var parameters: ScriptParameters
    /// Knows how half-typed entries go on.
    public var completer = Completer(registry: Registry(), index: PathIndex())
    /// Asks the user for a line, nil at the end of the input; nil where nobody can be asked.
    public var ask: ((_ prompt: String) -> String?)?
    /// Runs a shell command on the terminal and returns its exit status.
    public var shell: (String) -> Int32 = { _ in 127 }
    /// The entries of this and earlier sessions, oldest first.
    public var inputHistory: () -> [String] = { [] }
    /// Keeps an entry that was not typed at the prompt, for recall.
    public var rememberEntry: (String) -> Void = { _ in }
    /// What the latest step of a stage was trained on; nil before the first.
    public var lastSamples: () throws -> SampleList? = { nil }
    /// Further lines of `%mem`: what, and how much.
    public var memoryReport: () -> [(what: String, bytes: Int)] = { [] }
    /// Set by `%quit`: the session ends after the present entry.
    public internal(set) var wantsQuit = false
    /// Called with true before Lua runs and with false after: Ctrl-C means the cell in between.
    public var onRunning: (Bool) -> Void = { _ in }

    private var record: LuaFunction?
    /// The runs of the script's cells.
    var runs = CellRuns()
    /// The file's size and time of change when it was read.
    var scriptStamp: FileStamp?
    /// What has been told already.
    var told = Told()
    /// The frame that `%debug` looks at, and how many runs there were when it was chosen.
    var debugged = (frame: 1, count: 0)
    /// Where editors send cells to.
    var cellServer: CellServer?
    var isRunningSent = false
    /// Runs something that shows itself while the user may be typing; its owner takes the typed line away meanwhile.
    public var aside: (() -> Void) -> Void = { $0() }
    private var depth = 0
    var parameterCalls = 0
    /// The files that this session has exported, which it may write again.
    var exported: Set<String> = []
    /// What the cells that run now have given, the innermost last.
    private var records: [OutputRecord] = []

    /// A notebook over a state. Takes over what the state prints and defines `In` and `Out`; `bindings` are for the
    /// registry.
    public init(state: LuaState, view: NotebookView, parameters: ScriptParameters? = nil) throws {
        self.state = state
        self.view = view
        self.parameters = try parameters ?? ScriptParameters([])
        try defineHistory()
        try watchUndefinedGlobals()
        state.output = { [weak self] text in self?.print(text) }
        state.display = { [weak self] value in self?.show(value) }
        state.prose = { [weak self] text in self?.prose(text) ?? text }
        state.clearDisplay = { [weak self] waits in self?.clear(waits: waits) }
    }

    /// Text for people in lines that fit.
    func prose(_ text: String) -> String { TextWrap.prose(text, width: view.columns()) }

    // MARK: Script

    /// The state of the script's code cell `number`, from 1.
    public func status(_ number: Int) -> CellStatus { runs.status(number, in: script?.codeCells ?? []) }

    /// The number of the first code cell whose results do not count (yet), nil when all do.
    public var nextCell: Int? {
        guard let count = script?.codeCells.count, count > 0 else { return nil }
        return (1...count).first { status($0) != .ok }
    }

    // MARK: Running

    /// Runs the script's code cell `number`, from 1, and shows its title, values, errors and time.
    @discardableResult
    public func runCell(_ number: Int) throws -> Execution {
        let cells = script?.codeCells ?? []
        guard cells.indices.contains(number - 1) else {
            throw NotebookError.noSuchCell(number: number, count: cells.count)
        }
        let cell = cells[number - 1]
        if !isQuiet { view.note(view.paint("── [\(number)] \(cell.title)", .heading) + "\n") }
        let execution = run(cell.source, title: cell.title, scriptCell: number, firstLine: cell.firstSourceLine)
        runs.record(number, execution)
        return execution
    }

    /// Runs cells one after another up to the first that fails, which it returns.
    public func runCells(_ numbers: [Int]) throws -> Execution? {
        for number in numbers {
            let execution = try runCell(number)
            if execution.ending != .ok { return execution }
        }
        return nil
    }

    /// Runs a chunk that is no cell of the script.
    @discardableResult
    public func run(_ source: String, title: String = "") -> Execution {
        run(source, title: title, scriptCell: nil, firstLine: 1)
    }

    private func run(_ source: String, title: String, scriptCell: Int?, firstLine: Int) -> Execution {
        let number = executions.count + 1
        var execution = Execution(
            number: number, scriptCell: scriptCell, title: title, source: source,
            origin: scriptCell == nil || script?.isNotebook == true ? nil : script?.path.map { ($0, firstLine) })
        executions.append(execution)
        records.append(OutputRecord())
        let start = DispatchTime.now().uptimeNanoseconds
        let outcome = whileRunning { state.evaluate(source, cellName: execution.chunkName) }
        execution.seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        execution.ending = outcome.wasInterrupted ? .interrupted : outcome.error == nil ? .ok : .error
        execution.error = outcome.error.map { suggesting(explained($0, scriptCell)) }
        executions[number - 1] = execution
        remember(execution, outcome.values)
        if let error = execution.error {
            record(.error(error))
            show(error, isInterrupt: outcome.wasInterrupted)
            if !outcome.wasInterrupted { offerDebug() }
        } else if !outcome.isDisplaySuppressed, !outcome.values.isEmpty {
            display(outcome.values)
        }
        noteOutdatedCaptures(after: execution)
        if !isQuiet, execution.seconds >= (scriptCell == nil ? 2 : 0.5) {
            view.note(view.paint("   \(Self.duration(execution.seconds))", .dim) + "\n")
        }
        execution.outputs = records.removeLast().outputs
        executions[number - 1] = execution
        if let warning = transcript?.append(execution) { view.note(warning + "\n") }
        return execution
    }

    /// Goes on with background tasks without waiting, and runs cells that were sent; for the prompt. True when Ctrl-C was pressed
    /// meanwhile.
    public func servePending() -> Bool {
        let wasInterrupted = whileRunning { state.servePending() }
        runSentCells()
        return wasInterrupted
    }

    /// Shows an error; an interrupt in one line.
    public func show(_ error: LuaError, isInterrupt: Bool = false) {
        let report: String
        if isInterrupt {
            let rest = state.unfinishedWork > 0 ? "; what was under way is brought to its end and saved in the background" : ""
            report = view.paint("interrupted" + rest, .warning)
        } else {
            report = ErrorReport(error, executions: executions).text(view: view)
        }
        if let showError = view.showError { showError(error, report) } else { view.note(report + "\n") }
    }

    /// Shows values as the result of a cell is shown.
    public func display(_ values: [LuaValue]) {
        guard let result = DisplayValue(results: values.map { state.displayValue(of: $0) }) else { return }
        record(.result(result))
        view.display(result, isResult: true)
    }

    func show(_ value: DisplayValue) {
        record(.display(value))
        view.display(value, isResult: false)
    }

    /// Whether a cell or a command is being run now.
    var isBusy: Bool { depth > 0 }

    func whileRunning<Result>(_ body: () -> Result) -> Result {
        depth += 1
        if depth == 1 { onRunning(true) }
        defer {
            depth -= 1
            if depth == 0 { onRunning(false) }
        }
        return body()
    }

    private func print(_ text: String) {
        record(.printed(text))
        view.write(text)
    }

    private func clear(waits: Bool) {
        for index in records.indices { records[index].clear(waits: waits) }
        view.clear?(waits)
    }

    /// A cell that runs others has given what they give, too.
    private func record(_ output: CellOutput) {
        for index in records.indices { records[index].append(output) }
    }

    /// A marker inside a long string ends the cell, as in every tool that knows the format; say so.
    private func explained(_ error: LuaError, _ number: Int?) -> LuaError {
        guard error.hint == nil, error.message.contains("unfinished long"), let script, let number else { return error }
        let end = script.codeCells[number - 1].lines.upperBound
        guard end < script.lines.count, !script.isNotebook else { return error }
        var error = error
        error.hint =
            "line \(end + 1) of the file is a cell marker, and a marker ends the cell even inside a long string or comment"
        return error
    }

    // MARK: In, Out, _

    private func defineHistory() throws {
        let outcome = state.evaluate(
            """
            local inputs, outputs = {}, {}
            return inputs, outputs, function(n, source, value)
                inputs[n] = source
                outputs[n] = value
            end
            """, cellName: "notebook")
        if let error = outcome.error { throw error }
        guard outcome.values.count == 3 else { return }
        try state.define("In", outcome.values[0])
        try state.define("Out", outcome.values[1])
        record = outcome.values[2].function
    }

    private func remember(_ execution: Execution, _ values: [LuaValue]) {
        guard let record else { return }
        let value = values.first ?? .none
        do {
            _ = try state.call(record, [.integer(execution.number), .string(execution.source), value])
            if !value.isNone { try state.setGlobal("_", value) }
        } catch {
            show(LuaError(error))
        }
    }

    static func duration(_ seconds: Double) -> String {
        let tenths = (seconds * 10).rounded() / 10
        if seconds < 60 { return "\(tenths) s" }
        let whole = Int(seconds.rounded())
        return "\(whole / 60) min \(whole % 60) s"
    }
}

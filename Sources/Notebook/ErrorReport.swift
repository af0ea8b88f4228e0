public import LuaRuntime

/// The text of an error for people: place, three lines of source with a mark, message, what to do, and the calls that led
/// there. Every error of a session is shown by this.
public struct ErrorReport {
    private let error: LuaError
    private let executions: [Execution]

    /// A report on an error; `executions` are the cells that its places may refer to.
    public init(_ error: LuaError, executions: [Execution] = []) {
        self.error = error
        self.executions = executions
    }

    /// The report without a newline at the end.
    public func text(view: NotebookView) -> String {
        var lines: [String] = []
        if let execution = executions.run(of: error.cell), let line = error.line {
            lines.append(view.paint("error in \(execution.place(line))", .error))
            let mark = ErrorMark(message: error.message, line: line, source: execution.source)
            lines += execution.excerpt(line, marks: mark.ranges, view: view)
            lines.append(message)
        } else {
            lines.append(view.paint("error", .error) + ": " + foreignPlace + message)
        }
        if let hint = error.hint { lines.append(view.paint("hint: \(hint)", .hint)) }
        lines += callers(view)
        return lines.joined(separator: "\n")
    }

    private var message: String {
        error.kind == "usage" || error.message.hasPrefix(error.kind) ? error.message : "\(error.kind): \(error.message)"
    }

    private var foreignPlace: String {
        guard let cell = error.cell, let line = error.line else { return "" }
        return "\(cell):\(line): "
    }

    /// The calls that led to the error, where there is more than the failing line itself.
    private func callers(_ view: NotebookView) -> [String] {
        guard let traceback = error.traceback else { return [] }
        let frames = traceback.split(separator: "\n").map { $0.drop(while: \.isWhitespace) }.filter { !$0.isEmpty }
        guard frames.count > 1 else { return [] }
        return frames.dropFirst().prefix(8).map { frame in
            view.paint("  called from " + executions.reduce(String(frame)) { readable($0, $1) }, .dim)
        }
    }

    /// Puts a cell's name in the place of its chunk's.
    private func readable(_ frame: String, _ execution: Execution) -> String {
        guard let range = frame.firstRange(of: execution.chunkName + ":") else { return frame }
        let digits = frame[range.upperBound...].prefix(while: \.isNumber)
        guard let line = Int(digits) else { return frame }
        return frame[..<range.lowerBound] + execution.place(line) + frame[digits.endIndex...]
    }
}

extension [Execution] {
    /// The run that Lua knows by a chunk's name.
    func run(of chunk: String?) -> Execution? { chunk.flatMap { chunk in last { $0.chunkName == chunk } } }
}

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
    public func text(paint: (String, NotebookView.Role) -> String = { text, _ in text }) -> String {
        var lines: [String] = []
        if let execution = execution(error.cell), let line = error.line {
            lines.append(paint("error in \(place(execution, line))", .error))
            lines += excerpt(execution, line, paint)
            lines.append(message)
        } else {
            lines.append(paint("error", .error) + ": " + place(nil) + message)
        }
        if let hint = error.hint { lines.append(paint("hint: \(hint)", .hint)) }
        lines += callers(paint)
        return lines.joined(separator: "\n")
    }

    private var message: String {
        error.kind == "usage" || error.message.hasPrefix(error.kind) ? error.message : "\(error.kind): \(error.message)"
    }

    private func execution(_ cell: String?) -> Execution? {
        guard let cell else { return nil }
        return executions.last { $0.chunkName == cell }
    }

    private func place(_ execution: Execution, _ line: Int) -> String {
        guard let origin = execution.origin else { return "\(execution.name), line \(line)" }
        return "\(execution.name), \(origin.path):\(origin.firstLine + line - 1)"
    }

    private func place(_ nothing: Execution?) -> String {
        guard let cell = error.cell, let line = error.line else { return "" }
        return "\(cell):\(line): "
    }

    /// The line of the error and its neighbours, numbered as in the file.
    private func excerpt(_ execution: Execution, _ line: Int, _ paint: (String, NotebookView.Role) -> String)
        -> [String]
    {
        let source = execution.source.split(separator: "\n", omittingEmptySubsequences: false)
        guard source.indices.contains(line - 1) else { return [] }
        let offset = execution.origin.map { $0.firstLine - 1 } ?? 0
        let shown = max(1, line - 1)...min(source.count, line + 1)
        let width = String(shown.upperBound + offset).count
        return shown.map { number in
            let label = String(number + offset)
            let padded = String(repeating: " ", count: width - label.count) + label
            let text = "\(number == line ? "→" : " ") \(padded) │ \(source[number - 1])"
            return paint(text, number == line ? .place : .dim)
        }
    }

    /// The calls that led to the error, where there is more than the failing line itself.
    private func callers(_ paint: (String, NotebookView.Role) -> String) -> [String] {
        guard let traceback = error.traceback else { return [] }
        let frames = traceback.split(separator: "\n").map { $0.drop(while: \.isWhitespace) }.filter { !$0.isEmpty }
        guard frames.count > 1 else { return [] }
        return frames.dropFirst().prefix(8).map { frame in
            paint("  called from " + executions.reduce(String(frame)) { readable($0, $1) }, .dim)
        }
    }

    /// Puts a cell's name in the place of its chunk's.
    private func readable(_ frame: String, _ execution: Execution) -> String {
        guard let range = frame.firstRange(of: execution.chunkName + ":") else { return frame }
        let digits = frame[range.upperBound...].prefix(while: \.isNumber)
        guard let line = Int(digits) else { return frame }
        return frame[..<range.lowerBound] + place(execution, line) + frame[digits.endIndex...]
    }
}

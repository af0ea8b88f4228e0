import CLuaBridge

/// What running a cell has given.
public struct CellOutcome: Sendable {
    /// The values of the last expression, or of an explicit `return`; tables by reference, empty in themselves.
    public var values: [LuaValue]
    /// Whether the cell ends with a semicolon, which suppresses the display of the values.
    public var isDisplaySuppressed: Bool
    /// Why it failed.
    public var error: LuaError?
    /// Whether an interrupt stopped it.
    public var wasInterrupted: Bool

    /// An outcome by its parts.
    public init(
        values: [LuaValue] = [], isDisplaySuppressed: Bool = false, error: LuaError? = nil, wasInterrupted: Bool = false
    ) {
        self.values = values
        self.isDisplaySuppressed = isDisplaySuppressed
        self.error = error
        self.wasInterrupted = wasInterrupted
    }
}

extension LuaState {
    /// Compiles and runs a cell, and serves the loop while it waits. Its top-level locals become visible to later
    /// cells, also when it fails. `cellName` stands in messages and tracebacks, for instance `cell[3]`. With a `frame` of
    /// the latest failure, names mean that frame's variables first.
    public func evaluate(_ source: String, cellName: String, in frame: LuaFrame? = nil) -> CellOutcome {
        let isOutermost = evaluationDepth == 0
        if isOutermost {
            lb_clear_interrupt(bridge)  // one that came at the prompt is not for this cell
            evaluation = Int(nextNumber())
        }
        evaluationDepth += 1
        defer {
            evaluationDepth -= 1
            if isOutermost { endInterrupt() }
        }
        var outcome = CellOutcome()
        do {
            let plan = try CellSource(source).plan { chunk throws(LuaError) in
                let error = self.compileError(chunk, name: cellName)
                if let error, error.isOutOfMemory { throw error }
                return error == nil
            }
            outcome.isDisplaySuppressed = plan.isDisplaySuppressed
            let thread = try perform(LB_OP_CELL, name: cellName, text: plan.chunk, number: Int64(frame?.number ?? 0))
                .reference
            var result: Result<[LuaValue], LuaError>?
            step(addTask(thread, evaluation: evaluation) { result = $0 })
            serve(until: { result != nil }, onInterrupt: {})
            outcome.values = try result?.get() ?? []
        } catch {
            outcome.error = explained(LuaError(error), source: source)
        }
        outcome.wasInterrupted = isInterrupted && outcome.error?.kind == "cancelled"
        return outcome
    }

    /// Whether more lines are needed: Lua says so by an error at the end of the text.
    public func isIncomplete(_ source: String) -> Bool {
        // With a newline, or a string without its closing quote would look as if it could go on
        let statement = compileError(source + "\n", name: "input")
        let expression = compileError("return " + source + "\n", name: "input")
        guard let statement, let expression, [statement, expression].contains(where: { $0.message.hasSuffix("<eof>") }) else {
            return false
        }
        // Statements and an expression after them, `f(); x`, are a whole cell, though no chunk of Lua.
        let plan = try? CellSource(source).plan { chunk throws(LuaError) in self.compileError(chunk, name: "input") == nil }
        // Without such an expression the hidden call would itself complete `x =`.
        guard let plan, !plan.chunk.hasSuffix("\n__out()") else { return true }
        return compileError(plan.chunk, name: "input") != nil
    }

    /// The syntax error of a chunk, if it has one.
    public func compileError(_ source: String, name: String) -> LuaError? {
        do {
            _ = try perform(LB_OP_COMPILE, name: name, text: source)
            return nil
        } catch {
            return error
        }
    }

    private func explained(_ error: LuaError, source: String) -> LuaError {
        guard error.hint == nil, error.message.contains("attempt to call"), let line = error.line else { return error }
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        for candidate in [line, line - 1] where lines.indices.contains(candidate) && candidate > 0 {
            guard lines[candidate].drop(while: \.isWhitespace).first == "(" else { continue }
            var error = error
            error.hint =
                "line \(candidate + 1) begins with a parenthesis and continues the line before; end that with a semicolon"
            return error
        }
        return error
    }
}

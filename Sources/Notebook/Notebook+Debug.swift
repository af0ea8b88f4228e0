internal import LuaRuntime

/// `%debug`: the frames of the latest failure, as they were.
extension Notebook {
    /// Answers one question, or asks for questions until an empty one.
    func debug(_ question: String) throws {
        let frames = state.failedFrames()
        guard !frames.isEmpty else {
            throw NotebookError.commandUsage("nothing has failed that could be looked into", usage: "%debug")
        }
        if debugged.count != executions.count || debugged.frame > frames.count { debugged = (1, executions.count) }
        guard question.isEmpty else { return try answer(question, frames) }
        showFrames(frames)
        showFrameVariables(frames)
        guard let ask else {
            return view.note(view.paint("%debug up, down, N, locals, where, or an expression", .dim) + "\n")
        }
        view.note(view.paint("up, down, N, locals, where, or an expression; an empty line leaves", .dim) + "\n")
        while let line = ask("debug \(debugged.frame)> "), line.contains(where: { !$0.isWhitespace }) {
            var question = line.trimmingBlanks()
            if question == "%quit" { question = "quit" }
            // As it is asked outside.
            if question.hasPrefix("%debug") { question = String(question.dropFirst(6)).trimmingBlanks() }
            if question.isEmpty { question = "where" }
            if ["q", "quit", "exit"].contains(question) { return }
            do { try answer(question, frames) } catch { show(LuaError(error)) }
        }
    }

    /// Says once that there is `%debug`.
    func offerDebug() {
        guard ask != nil, !isQuiet, !told.hasOfferedDebug, !state.failedFrames().isEmpty else { return }
        told.hasOfferedDebug = true
        view.note(view.paint("%debug shows the variables where it happened", .dim) + "\n")
    }

    private func answer(_ question: String, _ frames: [LuaFrame]) throws {
        switch question {
        case "where", "w", "bt", "frames": showFrames(frames)
        case "locals", "l": showFrameVariables(frames)
        case "up", "u": try select(debugged.frame + 1, frames)
        case "down", "d": try select(debugged.frame - 1, frames)
        default:
            if let number = Int(question) { return try select(number, frames) }
            evaluate(question, in: frames[debugged.frame - 1])
        }
    }

    private func select(_ number: Int, _ frames: [LuaFrame]) throws {
        guard frames.indices.contains(number - 1) else {
            let message =
                number < 1 ? "this is the innermost frame" : "there are \(frames.count) frames, and this is the outermost"
            throw NotebookError.commandUsage(
                frames.indices.contains(debugged.frame - 1) && abs(number - debugged.frame) == 1
                    ? message : "there is no frame \(number) of \(frames.count)", usage: "%debug up|down|N")
        }
        debugged.frame = number
        let frame = frames[number - 1]
        view.write(view.paint("\(number)  \(place(frame)), in \(frame.name)", .place) + "\n")
        if let execution = executions.run(of: frame.cell) {
            view.write(execution.excerpt(frame.line, view: view).joined(separator: "\n") + "\n")
        }
    }

    private func place(_ frame: LuaFrame) -> String {
        executions.run(of: frame.cell)?.place(frame.line) ?? "\(frame.cell):\(frame.line)"
    }

    private func showFrames(_ frames: [LuaFrame]) {
        for frame in frames {
            let isChosen = frame.number == debugged.frame
            let text = "\(isChosen ? "→" : " ") \(frame.number)  \(place(frame)), in \(frame.name)"
            view.write(view.paint(text, isChosen ? .place : .dim) + "\n")
        }
    }

    private func showFrameVariables(_ frames: [LuaFrame]) {
        guard let variables = try? state.variables(of: frames[debugged.frame - 1]), !variables.isEmpty else {
            return view.note("there are no variables in this frame\n")
        }
        let rows = variables.map { variable in
            let text = state.describe(variable.value, depth: 2, items: 10, width: 1000)
            let line = text.split(separator: "\n").first.map(String.init) ?? ""
            return [variable.name, variable.origin.rawValue, line.count > 100 ? line.prefix(97) + "..." : line]
        }
        view.write(view.table(["name", "kind", "value"], rows) + "\n")
    }

    /// Runs code in which names mean the frame's variables. Its own errors leave the frames as they are.
    private func evaluate(_ code: String, in frame: LuaFrame) {
        let outcome = state.keepingFrames {
            whileRunning { state.evaluate(code, cellName: "%debug", in: frame) }
        }
        if let error = outcome.error {
            show(error, isInterrupt: outcome.wasInterrupted)
        } else if !outcome.isDisplaySuppressed, !outcome.values.isEmpty {
            display(outcome.values)
        }
    }
}

extension String {
    fileprivate func trimmingBlanks() -> String {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

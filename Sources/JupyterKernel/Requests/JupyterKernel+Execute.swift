internal import Display
internal import JSON
internal import LuaRuntime
internal import Notebook

extension JupyterKernel {
    /// Runs a cell; the content of the answer.
    func execute(_ request: KernelMessage) -> JSONValue {
        let code = request.text("code")
        let isSilent = request.flag("silent", default: false)
        let isStored = !isSilent && request.flag("store_history", default: true)
        // The number that messages call the cell by: In[7].
        let number = notebook.executions.count + 1
        let count = JSONValue.number(JSONValue.Number(number))
        output.begin(request, executionCount: number, isMuted: isSilent, isPaged: !isSilent && notebook.asksForHelp(code))
        if !isSilent { output.publish("execute_input", ["code": .string(code), "execution_count": count], about: request) }
        input.asker = request.flag("allow_stdin", default: false) ? request : nil
        run(code, isStored: isStored)
        input.asker = nil
        flushCaptures()
        let page = output.takePage() ?? ""
        let failure = output.end()
        if isStored { remember(code, number) }
        var content: [JSONValue.Member] = [.init("execution_count", count)]
        if case .object(let members)? = failure {
            content += [.init("status", "error")] + members + [.init("user_expressions", [:]), .init("payload", [])]
        } else {
            var payload: [JSONValue] = page.isEmpty ? [] : [["source": "page", "start": 0, "data": ["text/plain": .string(page)]]]
            // A console that hears of the end asks for nothing more.
            if notebook.wantsQuit { payload.append(["source": "ask_exit", "keepkernel": false]) }
            content += [
                .init("status", "ok"), .init("user_expressions", userExpressions(request)), .init("payload", .array(payload)),
            ]
        }
        return .object(content)
    }

    private func run(_ code: String, isStored: Bool) {
        guard let first = code.first(where: { !$0.isWhitespace }) else { return }
        // Commands are no entries that count.
        if isStored || "%?;".contains(first) {
            notebook.runEntry(code)
        } else {
            notebook.runUnrecorded(code)
        }
    }

    /// The values of the expressions that a client wants to know after its cell.
    private func userExpressions(_ request: KernelMessage) -> JSONValue {
        guard case .object(let expressions)? = request.content["user_expressions"] else { return [:] }
        return .object(
            expressions.map { name in
                let outcome = notebook.state.evaluate("return " + (name.value.string ?? ""), cellName: "user expression")
                if case .object(let fields)? = outcome.error.map({ KernelOutput.content(of: $0, report: $0.description) }) {
                    return .init(name.key, .object([.init("status", "error")] + fields))
                }
                let value = DisplayValue(results: outcome.values.map { notebook.state.displayValue(of: $0) }) ?? .text("nil")
                return .init(name.key, ["status": "ok", "data": MimeBundle(value).json, "metadata": [:]])
            })
    }
}

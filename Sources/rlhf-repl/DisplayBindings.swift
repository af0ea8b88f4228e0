import LuaBindings
import LuaRuntime
import Terminal

/// Makes `print` show what is in a table, where Lua's own shows its address.
func definePrint(_ state: LuaState) throws {
    let outcome = state.evaluate(
        """
        return (function(print, pack, unpack, type, text)
            return function(...)
                local values = pack(...)
                for i = 1, values.n do
                    if type(values[i]) == "table" then values[i] = text(values[i]) end
                end
                return print(unpack(values, 1, values.n))
            end
        end)(print, table.pack, table.unpack, type, repl.text)
        """, cellName: "print")
    if let error = outcome.error { throw error }
    if let function = outcome.values.first { try state.define("print", function) }
}

/// `inspect` and `repl.text`: what a session needs to look at values.
func displayBindings() -> [FunctionBinding] {
    [
        FunctionBinding(
            "inspect", doc: "Shows a value with all its fields, deeper and longer than a cell's result.",
            parameters: [ParameterDoc("x", "any", "the value")], example: "inspect(rlhf)", takesReferences: true
        ) { call in
            let width = TerminalSize.current().columns
            call.state.output(call.state.describe(call[0], depth: 8, items: 200, width: width) + "\n")
            return .nothing
        },
        FunctionBinding(
            "repl.text", doc: "The text that a cell's result is shown as.",
            parameters: [ParameterDoc("x", "any", "the value")], returns: "string",
            example: "repl.text({accuracy = 0.9})", takesReferences: true
        ) { call in
            .value(.string(call.state.describe(call[0], width: TerminalSize.current().columns)))
        },
    ]
}

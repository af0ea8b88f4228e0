internal import Display
public import LuaBindings
internal import LuaRuntime

/// A command of the session: `%name argument` at the prompt, `repl.name(argument)` in Lua.
struct SessionCommand: Sendable {
    let name: String
    /// How it is written at the prompt.
    let usage: String
    let doc: String
    /// How it is written in Lua.
    let example: String
    /// Gives back the run that failed, if one did.
    let body: @Sendable (Notebook, String) throws -> Execution?
}

extension Notebook {
    /// The functions that scripts and the session need, for the registry: `rlhf.params` and `repl.*`.
    public var bindings: [FunctionBinding] {
        [parametersBinding] + SessionCommand.all.map(binding)
    }

    /// Runs an entry of the prompt: a `%command`, `?name`, `;shell command`, or Lua. Errors are shown. True if all went well.
    @discardableResult
    public func runEntry(_ entry: String) -> Bool {
        let text = entry.drop(while: \.isWhitespace)
        guard let first = text.first else { return true }
        if !isBusy { followFile() }
        defer { runSentCells() }
        let rest = text.dropFirst().drop(while: \.isWhitespace)
        do {
            switch first {
            case "%": return try runCommand(String(text.dropFirst())) == nil
            case "?":
                try help(on: String(rest))
                return true
            case ";" where !rest.isEmpty: return shell(String(rest)) == 0
            default:
                if let name = Self.nameBeforeQuestionMark(text) {
                    try help(on: String(name))
                    return true
                }
                return run(entry).ending == .ok
            }
        } catch {
            show(LuaError(error))
            return false
        }
    }

    /// Whether an entry asks for help, which a client may show in its pager.
    public func asksForHelp(_ entry: String) -> Bool {
        let text = entry.drop(while: \.isWhitespace)
        return text.hasPrefix("?") || text.firstMatch(of: /^%help\b/) != nil || Self.nameBeforeQuestionMark(text) != nil
    }

    private static func nameBeforeQuestionMark(_ text: Substring) -> Substring? {
        text.hasSuffix("?") && isName(text.dropLast()) ? text.dropLast() : nil
    }

    /// Whether an entry needs more lines. Commands never do.
    public func isIncomplete(_ entry: String) -> Bool {
        guard let first = entry.first(where: { !$0.isWhitespace }), !"%?;".contains(first) else { return false }
        return state.isIncomplete(entry)
    }

    private func runCommand(_ text: String) throws -> Execution? {
        let name = String(text.prefix { !$0.isWhitespace })
        var argument = text.dropFirst(name.count).drop(while: \.isWhitespace)
        while argument.last?.isWhitespace == true { argument.removeLast() }
        guard let command = SessionCommand.all.first(where: { $0.name == name }) else {
            throw NotebookError.unknownCommand(name, known: SessionCommand.all.map(\.name))
        }
        guard argument.isEmpty || command.usage.contains(" ") else {
            throw NotebookError.commandUsage("\(command.usage) takes nothing after it", usage: command.usage)
        }
        return try command.body(self, String(argument))
    }

    private func binding(_ command: SessionCommand) -> FunctionBinding {
        let box = LuaThreadBox(object: self)
        let name = command.name
        return FunctionBinding(
            "repl.\(name)", doc: command.doc,
            parameters: command.usage.contains(" ")
                ? [ParameterDoc("what", "string or integer", default: "nil", "as in \(command.usage)")] : [],
            example: command.example
        ) { call in
            guard let notebook = box.object, let command = SessionCommand.all.first(where: { $0.name == name }) else {
                return .nothing
            }
            let argument: String =
                switch call[0] {
                case .none: ""
                case .integer(let number): String(number)
                default: try call.string(0)
                }
            if let failed = try command.body(notebook, argument) {
                let reason = failed.error?.message ?? failed.ending?.rawValue ?? ""
                throw LuaError(kind: failed.error?.kind ?? "internal", message: "\(failed.name) failed: \(reason)")
            }
            return .nothing
        }
    }

    /// Shows the help on a name: on the value behind it where there is one, else on the name itself.
    func help(on name: String) throws {
        guard !name.isEmpty else { return showCommands() }
        guard case .function(let help) = try state.global("help") else {
            throw LuaError.usage("there is no help here: no function is called help")
        }
        var argument = LuaValue.string(name)
        if Self.isName(name[...]), !name.contains(":"),
            let value = state.keepingFrames({ state.evaluate("return \(name)", cellName: "help").values.first })
        {
            switch value {
            case .none, .string: break
            default: argument = value
            }
        }
        _ = try state.call(help, [argument])
    }

    private func showCommands() {
        let others = [("?name", "Help on a name, as help(name)."), (";command", "Runs a shell command.")]
        let margin = 16
        for (usage, doc) in SessionCommand.all.map({ ($0.usage, $0.doc) }) + others {
            let blank = String(repeating: " ", count: margin)
            let line = usage.count + 2 > margin ? "\(usage)\n\(blank)\(doc)" : usage + blank.dropFirst(usage.count) + doc
            view.write(prose(line) + "\n")
        }
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.first, first.isLetter || first == "_" else { return false }
        return text.allSatisfy { $0.isLetter || $0.isNumber || "_.:".contains($0) }
    }
}

extension SessionCommand {
    /// All commands, in the order of `%help`.
    static let all: [SessionCommand] = [
        SessionCommand(
            name: "help", usage: "%help [NAME]", doc: "Lists the commands, or tells about a name.",
            example: "repl.help()"
        ) { notebook, name in
            try notebook.help(on: name)
            return nil
        },
        SessionCommand(
            name: "cells", usage: "%cells", doc: "Lists the script's cells and whether their results count.",
            example: "repl.cells()"
        ) { notebook, _ in
            try notebook.showCells()
            return nil
        },
        SessionCommand(
            name: "run", usage: "%run N|1,3-5|TITLE|all|from A|until B",
            doc: "Runs cells of the script, by number or title, up to the first that fails.",
            example: "repl.run(\"Train the reward model\")"
        ) { notebook, target in try notebook.runCells(notebook.cells(target, command: "%run")) },
        SessionCommand(
            name: "next", usage: "%next", doc: "Runs the first cell that has not run, has failed or is stale.",
            example: "repl.next()"
        ) { notebook, _ in
            try notebook.requireScript("%next")
            guard let next = notebook.nextCell else {
                notebook.view.note("all cells have run\n")
                return nil
            }
            return try notebook.runCells([next])
        },
        SessionCommand(
            name: "rerun", usage: "%rerun", doc: "Runs the last cell or entry again.", example: "repl.rerun()"
        ) { notebook, _ in try notebook.rerun() },
        SessionCommand(
            name: "edit", usage: "%edit [N|TITLE|In[N]]",
            doc: "Opens $EDITOR on the last entry, or on In[N], and runs the result, or on a cell of the script's file.",
            example: "repl.edit(3)"
        ) { notebook, target in try notebook.edit(target) },
        SessionCommand(
            name: "reload", usage: "%reload [FILE]", doc: "Reads the script again, or opens another one.",
            example: "repl.reload()"
        ) { notebook, path in
            try notebook.reload(path)
            return nil
        },
        SessionCommand(
            name: "debug", usage: "%debug [where|up|down|N|locals|CODE]",
            doc: "Looks into the latest failure: frames, their variables, and code that sees them.",
            example: "repl.debug(\"locals\")"
        ) { notebook, question in
            try notebook.debug(question)
            return nil
        },
        SessionCommand(
            name: "last", usage: "%last [TEXT]",
            doc: "Shows the samples of the last step of training, also while it goes on in the background; those that contain a text.",
            example: "repl.last()"
        ) { notebook, text in
            guard let list = try notebook.lastSamples() else {
                notebook.view.note("no step of training has been taken yet\n")
                return nil
            }
            notebook.show(.samples(list.containing(text)))
            return nil
        },
        SessionCommand(
            name: "attach", usage: "%attach [PATH]",
            doc: "Listens on a Unix socket for cells that an editor sends (rlhf-repl send); they run when nothing else does.",
            example: "repl.attach()"
        ) { notebook, path in
            try notebook.attach(path)
            return nil
        },
        SessionCommand(
            name: "time", usage: "%time CODE", doc: "Runs code and tells how long it took.",
            example: "repl.time(\"f()\")"
        ) { notebook, code in try notebook.time(code) },
        SessionCommand(
            name: "mem", usage: "%mem", doc: "Shows how much memory Lua, the process and the models hold.",
            example: "repl.mem()"
        ) { notebook, _ in
            notebook.showMemory()
            return nil
        },
        SessionCommand(
            name: "who", usage: "%who", doc: "Lists the variables that cells have defined.", example: "repl.who()"
        ) { notebook, _ in
            notebook.showVariables()
            return nil
        },
        SessionCommand(
            name: "reset", usage: "%reset", doc: "Forgets the variables that cells have defined; no cell has run then.",
            example: "repl.reset()"
        ) { notebook, _ in
            try notebook.reset()
            return nil
        },
        SessionCommand(
            name: "history", usage: "%history [N]", doc: "Lists the last N entries, by default 20.",
            example: "repl.history(5)"
        ) { notebook, count in
            try notebook.showHistory(count)
            return nil
        },
        SessionCommand(
            name: "save", usage: "%save FILE",
            doc: "Writes what has run well into a new script, or everything with its outputs into an .ipynb, .html or .md file.",
            example: "repl.save(\"mine.html\")"
        ) { notebook, path in
            try notebook.save(path)
            return nil
        },
        SessionCommand(
            name: "export", usage: "%export FILE", doc: "The same as %save: cells and outputs into an .ipynb, .html or .md file.",
            example: "repl.export(\"mine.ipynb\")"
        ) { notebook, path in
            guard path.isEmpty || ExportFormat(path: path) != nil else { throw NotebookError.exportFormat(path: path) }
            try notebook.save(path)
            return nil
        },
        SessionCommand(name: "quit", usage: "%quit", doc: "Ends the session.", example: "repl.quit()") { notebook, _ in
            notebook.wantsQuit = true
            return nil
        },
    ]
}

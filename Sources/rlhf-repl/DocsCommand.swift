import ArgumentParser
import Foundation
import LuaBindings
import LuaRuntime
import Notebook
import Terminal

/// `rlhf-repl docs`: what editors, shells and readers need, written from the same registry as `help`.
struct DocsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docs",
        abstract: "Writes editor stubs, lint settings, the API reference, shell completions and the manual page into a folder.",
        discussion: """
            rlhf.d.lua and .luarc.json are for the Lua language server, .luacheckrc is for luacheck; put them, or links to them, \
            beside your scripts. api.html and api.md are the reference, rlhf-repl.1 the manual page (man ./rlhf-repl.1), \
            completions/ has bash, zsh and fish.
            """)

    /// What can be written.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case luals, luacheck, reference, completions, man
    }

    @Option(help: ArgumentHelp("Only this; repeatable.", valueName: "part"))
    var only: [Part] = []

    @Argument(help: ArgumentHelp("The folder; files of these names in it are replaced.", valueName: "folder"), completion: .directory)
    var folder: String

    func run() throws {
        let writer = TerminalWriter()
        do {
            let files = try Self.files(parts: only.isEmpty ? Part.allCases : only)
            for (name, text) in files {
                let file = URL(filePath: folder).appending(path: name)
                try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file, options: .atomic)
                writer.write(file.relativePath + "\n")
            }
        } catch {
            let error = error is any UserFacingError ? LuaError(error) : LuaError(kind: "io", message: error.localizedDescription)
            writer.writeError("error: \(error)\n")
            throw ExitCode(1)
        }
    }

    /// The files of some parts, by their names in the folder.
    static func files(parts: [Part]) throws -> [(name: String, text: String)] {
        let registry = try registry().withHelp
        return parts.flatMap { part -> [(name: String, text: String)] in
            switch part {
            case .luals: [("rlhf.d.lua", registry.languageServerStubs), (".luarc.json", languageServerSettings)]
            case .luacheck: [(".luacheckrc", registry.luacheckConfiguration)]
            case .reference: [("api.md", registry.markdownReference), ("api.html", registry.htmlReference)]
            case .completions:
                CompletionScripts.all.map { ("completions/\($0.name)", $0.text) }
            case .man: [("rlhf-repl.1", ManualPage(WholeCommand._dumpHelp())?.text ?? "")]
            }
        }
    }

    /// The registry of a session. No model is read for it.
    static func registry() throws -> Registry {
        let options = try SessionOptions.parse([])
        let console = Console(options: options)
        let notebook = try Notebook(state: LuaState(), view: NotebookView(write: { _ in }, note: { _ in }))
        return try Registry.session(notebook: notebook, console: console, service: SessionService.embedded(options, console))
    }

    private static let languageServerSettings = """
        {
            "runtime.version": "Lua 5.4",
            "workspace.library": ["rlhf.d.lua"],
            "diagnostics.disable": ["lowercase-global"],
            "workspace.checkThirdParty": false
        }

        """
}

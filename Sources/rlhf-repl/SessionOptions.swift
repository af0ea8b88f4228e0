public import ArgumentParser
public import Display
import Notebook

extension ColorChoice: ExpressibleByArgument {}

/// What the command line says about a session.
struct SessionOptions: ParsableArguments {
    @Flag(name: .customShort("i"), help: "Stay in the session after the script.")
    var isInteractive = false

    @Flag(help: "Stop before each cell of the script: run, skip, edit, inspect or quit.")
    var step = false

    @Option(name: .customShort("e"), help: ArgumentHelp("Run a chunk and print its values.", valueName: "chunk"))
    var chunk: String?

    @Option(help: ArgumentHelp("The model, by name or path.", valueName: "name-or-path"))
    var model: String?

    @Option(
        name: .customLong("base-url"),
        help: ArgumentHelp(
            "A Tinker-compatible service to train and sample on: its address, tinker, or mint. Keys are taken from TINKER_API_KEY or MINT_API_KEY.",
            valueName: "url"))
    var baseURL: String?

    @Option(
        help: ArgumentHelp("A remote model's tokenizer.json, the folder with it, or a GGUF file of its vocabulary.", valueName: "path"))
    var tokenizer: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Set a parameter of the script; repeatable.", valueName: "name=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("Run only these code cells, for example 1,3-5.", valueName: "cells"))
    var cells: String?

    @Option(
        help: ArgumentHelp(
            "Write the cells with their outputs into a file when the session ends: .ipynb, .html or .md; repeatable.",
            valueName: "file"))
    var export: [String] = []

    @Option(
        name: .customLong("log-dir"), help: ArgumentHelp("The folder for runs and transcripts.", valueName: "folder"))
    var logFolder: String?

    @OptionGroup var engine: EngineOptions

    @Option(help: "Colours: auto, always or never.")
    var color: ColorChoice = .auto

    @Flag(help: "No titles, times or progress.")
    var quiet = false

    @Flag(help: "Lua without files, processes and loading of code.")
    var sandbox = false

    @Argument(
        help: ArgumentHelp(
            "A Lua script in percent format; cells begin with lines such as -- %% Title.", valueName: "script"))
    var script: String?

    @Argument(
        parsing: .remaining,
        help: ArgumentHelp("What the script finds in the table arg; after -- also what looks like an option.", valueName: "arg"))
    var scriptArguments: [String] = []

    func validate() throws {
        if let path = export.first(where: { ExportFormat(path: $0) == nil }) {
            throw ValidationError("--export \(path): notebooks end in .ipynb, pages in .html, Markdown in .md")
        }
        if baseURL != nil, let option = engine.given.first {
            throw ValidationError("\(option) is about the embedded engine; with --base-url the service computes")
        }
        if baseURL == nil, tokenizer != nil { throw ValidationError("--tokenizer is for a remote model; it needs --base-url") }
        if chunk != nil, script != nil { throw ValidationError("-e runs a chunk and takes no script") }
        if script == nil {
            if step { throw ValidationError("--step needs a script") }
            if cells != nil { throw ValidationError("--cells needs a script") }
        }
    }
}

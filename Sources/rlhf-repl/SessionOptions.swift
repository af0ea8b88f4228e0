public import ArgumentParser
public import Display
import Foundation
import Notebook
import Terminal

extension ColorChoice: ExpressibleByArgument {}

/// What the command line says about a session.
struct SessionOptions: ParsableArguments {
    @Flag(name: .customShort("i"), help: "Stay in the session after the script.")
    var isInteractive = false

    @Flag(help: "Stop before each cell of the script: run, skip, edit, inspect or quit.")
    var step = false

    @Option(name: .customShort("e"), help: ArgumentHelp("Run a chunk and print its values.", valueName: "chunk"))
    var chunk: String?

    @OptionGroup var models: ModelOptions

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

    @Option(help: "Colours: auto, always or never.")
    var color: ColorChoice = .auto

    @Flag(help: "No titles, times or progress.")
    var quiet = false

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
        if chunk != nil, script != nil { throw ValidationError("-e runs a chunk and takes no script") }
        if script == nil {
            if step { throw ValidationError("--step needs a script") }
            if cells != nil { throw ValidationError("--cells needs a script") }
        }
    }
}

extension SessionOptions {
    var model: String? { models.model }
    var baseURL: String? { models.baseURL }
    var tokenizer: String? { models.tokenizer }
    var logFolder: String? { models.logFolder }
    var engine: EngineOptions { models.engine }
    var sandbox: Bool { models.sandbox }

    /// Where what runs is written down, and in the folders of runs, too.
    func transcript(runFolders: @escaping () -> [String]) -> Transcript {
        let folder =
            logFolder.map { URL(filePath: $0) } ?? HistoryFile.stateFolder(environment: ProcessInfo.processInfo.environment)
        let transcript = Transcript(folder: folder.appending(path: "transcripts"))
        transcript.runFolders = runFolders
        return transcript
    }
}

import ArgumentParser
import Display
import Foundation
import LuaRuntime
import Terminal

/// `rlhf-repl pipeline`: `rlhf.pipeline` with options from the command line.
struct PipelineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipeline",
        abstract: "Trains a policy, a preference model, and the policy against it: rlhf.pipeline in one call.",
        discussion: """
            Options are those of rlhf.pipeline, as NAME=VALUE: log_path=mine smoke=true max_steps=20. A value is a number, true, false, \
            nil, a table in braces, or else text. `rlhf-repl -e 'help(rlhf.pipeline)'` lists them. Called again with the same log_path \
            it goes on where it was.
            """)

    @OptionGroup var models: ModelOptions

    @Option(help: "Colours: auto, always or never.")
    var color: ColorChoice = .auto

    @Flag(help: "No titles, times or progress.")
    var quiet = false

    @Argument(help: ArgumentHelp("Options of rlhf.pipeline.", valueName: "name=value"))
    var settings: [String] = []

    func validate() throws {
        if let bad = settings.first(where: { Self.parts($0) == nil }) {
            throw ValidationError("'\(bad)' is no option: write NAME=VALUE, for example max_steps=20")
        }
    }

    func run() throws {
        var options = try SessionOptions.parse(["-e", Self.chunk(settings)])
        (options.models, options.color, options.quiet) = (models, color, quiet)
        try ReplCommand.run(options)
    }

    /// The Lua that runs the pipeline with these settings.
    static func chunk(_ settings: [String]) -> String {
        "rlhf.pipeline{" + settings.compactMap { parts($0).map { "\($0.name) = \(literal($0.value))" } }.joined(separator: ", ") + "}"
    }

    /// A setting's name and value; nil for what is none.
    private static func parts(_ setting: String) -> (name: Substring, value: Substring)? {
        guard let match = setting.wholeMatch(of: /([A-Za-z_][A-Za-z0-9_]*)=(.*)/.dotMatchesNewlines()) else { return nil }
        return (match.1, match.2)
    }

    private static func literal(_ value: Substring) -> String {
        let isNumber = value.wholeMatch(of: /-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?/) != nil
        let isTable = value.hasPrefix("{") && value.hasSuffix("}")
        if isNumber || isTable || ["true", "false", "nil"].contains(value) { return String(value) }
        let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\"\(escaped)\""
    }
}

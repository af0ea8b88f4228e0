import ArgumentParser

/// The program's words: `rlhf-repl bench ...`. The session itself is no word, so these are chosen before its options are read;
/// the parser would take a word for the session's script.
struct Subcommands: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rlhf-repl", subcommands: all)

    static let all: [any ParsableCommand.Type] = [
        PipelineCommand.self, ModelsCommand.self, RunsCommand.self, ServeCommand.self, KernelCommand.self, BenchCommand.self,
        DocsCommand.self, SendCommand.self,
    ]

    /// Whether an argument in the first place chooses a subcommand; a script of this name is run as `./bench`.
    static func contains(_ argument: String) -> Bool { all.contains { $0.configuration.commandName == argument } }
}

/// What the whole command line looks like, for shell completions and the manual; it parses nothing.
struct WholeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rlhf-repl", abstract: ReplCommand.configuration.abstract,
        discussion: ReplCommand.configuration.discussion, version: ReplCommand.configuration.version, subcommands: Subcommands.all)

    @OptionGroup var options: SessionOptions
}

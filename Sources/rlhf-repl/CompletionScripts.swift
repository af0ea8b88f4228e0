import ArgumentParser

/// The completion scripts of bash, zsh and fish. The parser writes them for a command that has either arguments of its own or
/// subcommands; this one has both, so its own argument, the script, becomes what is offered beside the subcommands: files.
enum CompletionScripts {
    /// The scripts by the names under which shells look for them.
    static var all: [(name: String, text: String)] {
        [("rlhf-repl.bash", bash), ("_rlhf-repl", zsh), ("rlhf-repl.fish", fish)]
    }

    private static var bash: String {
        let words = "COMPREPLY+=($(compgen -W '\(subcommands.joined(separator: " "))' -- \"${cur}\"))"
        return WholeCommand.completionScript(for: .bash)
            .replacing("offer_flags_options -1\n", with: "offer_flags_options 0\n", maxReplacements: 1)
            .replacing(words, with: words + "\n        __rlhf-repl_add_completions -f", maxReplacements: 1)
    }

    private static var zsh: String {
        let describe = "_describe -V subcommand subcommands && ret=0"
        return WholeCommand.completionScript(for: .zsh)
            .replacing("        ':script:'\n        '*:arg:'\n", with: "", maxReplacements: 1)
            .replacing(describe, with: describe + "\n        _files && ret=0", maxReplacements: 1)
    }

    private static var fish: String {
        let first = "__rlhf-repl_should_offer_completions_for_positional \"rlhf-repl\" -eq 1"
        return WholeCommand.completionScript(for: .fish)
            .replacing("_parse_subcommand -r 2 'i'", with: "_parse_subcommand 0 'i'", maxReplacements: 1)
            + "\ncomplete -c 'rlhf-repl' -n '\(first)' -F\n"
    }

    private static var subcommands: [String] { Subcommands.all.compactMap { $0.configuration.commandName } + ["help"] }
}

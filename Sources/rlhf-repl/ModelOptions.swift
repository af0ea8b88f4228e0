import ArgumentParser

/// What the command line says about the model and where it runs: for sessions at a prompt and in Jupyter.
struct ModelOptions: ParsableArguments {
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
        name: .customLong("log-dir"), help: ArgumentHelp("The folder for runs and transcripts.", valueName: "folder"))
    var logFolder: String?

    @OptionGroup var engine: EngineOptions

    @Flag(help: "Lua without files, processes and loading of code.")
    var sandbox = false

    func validate() throws {
        if baseURL != nil, let option = engine.given.first {
            throw ValidationError("\(option) is about the embedded engine; with --base-url the service computes")
        }
        if baseURL == nil, tokenizer != nil { throw ValidationError("--tokenizer is for a remote model; it needs --base-url") }
    }
}

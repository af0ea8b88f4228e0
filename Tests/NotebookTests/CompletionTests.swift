import Foundation
import LuaBindings
import LuaRuntime
import Notebook
import TestSupport
import Testing

/// What goes on from a half-typed entry.
struct CompletionTests {
    private let notebook: Notebook

    init() throws {
        let state = try LuaState()
        notebook = try Notebook(state: state, view: NotebookView(write: { _ in }, note: { _ in }))
        var registry = Registry()
        registry.add(notebook.bindings)
        registry.add(
            FunctionBinding(
                "rlhf.train", doc: "Trains.", style: .options,
                parameters: [
                    ParameterDoc("batch_size", "integer", default: "8", "rows of a step"),
                    ParameterDoc("lr_schedule", "string", default: "\"linear\"", "how it falls", choices: ["linear", "cosine"]),
                    ParameterDoc("shuffle", "boolean", default: "true", "whether rows are mixed"),
                    ParameterDoc("model_name", "string", default: "nil", "the model"),
                    ParameterDoc("load_checkpoint_path", "string", default: "nil", "what to begin with"),
                ], example: "rlhf.train{}"
            ) { _ in .nothing })
        registry.add(
            FunctionBinding("rlhf.pair", doc: "Pairs.", parameters: [ParameterDoc("a", "any", "one")], example: "") { _ in .nothing })
        let index = try registry.install(into: state)
        notebook.completer = Completer(
            registry: registry, index: index, models: { ["Smol", "Tiny"] }, checkpoints: { ["tinker://r/weights/final"] })
        let outcome = state.evaluate(
            "ran = 0; config = {depth = {width = 1, height = 2}, __hidden = 1}; alias = rlhf.train; short = rlhf\n"
                + "trap = setmetatable({real = 1}, {__index = function() ran = ran + 1 end, __pairs = function() ran = ran + 1 end, __len = function() ran = ran + 1 end})",
            cellName: "cell[1]")
        #expect(outcome.error == nil)
    }

    @Test(
        "names, options without those given, values, strings and commands",
        arguments: [
            ("conf", ["config"]), ("x = config.depth.", ["config.depth.height", "config.depth.width"]), ("a..conf", ["config"]),
            ("rlhf.tr", ["rlhf.train"]), ("(\"x\"):for", []), ("trap.re", ["trap.real"]), ("trap.re.x", []),
            ("rlhf.train{b", ["batch_size"]), ("rlhf.train { batch_size = 8,\n l", ["lr_schedule", "load_checkpoint_path"]),
            ("rlhf.train({batch_size = 8, batch", []), ("alias{ba", ["batch_size"]), ("short.train{ba", ["batch_size"]),
            ("rlhf.train{batch_size = f(1, 2), sh", ["shuffle"]), ("rlhf.train{{b", ["break"]), ("t = {b", ["break"]),
            ("rlhf.train{lr_schedule = ", ["\"linear\"", "\"cosine\""]), ("rlhf.train{lr_schedule = \"c", ["cosine"]),
            ("rlhf.train{shuffle = ", ["true", "false"]), ("rlhf.train{model_name = 'T", ["Tiny"]),
            ("rlhf.train{load_checkpoint_path = 'tink", ["tinker://r/weights/final"]),
            ("client:load_state(\"tink", ["tinker://r/weights/final"]), ("rlhf.train{batch_size = conf", ["config"]),
            ("-- conf", []), ("x = [[conf", []), ("x = 'it''s' conf", ["config"]), ("--[[ a ]] conf", ["config"]),
            ("%hist", ["history"]), ("%help rlhf.pai", ["rlhf.pair"]), ("%time conf", ["config"]), ("%quit x", []),
            ("?rlhf.pai", ["rlhf.pair"]),
        ])
    func completes(text: String, expected: [String]) {
        #expect(notebook.completions(for: text) == expected)
    }

    @Test("what is offered begins with the word that it replaces, and a call's bracket or an option's sign follows it")
    func suffixes() throws {
        let call = notebook.complete("x = rlhf.tr")
        #expect(call.word == "rlhf.tr" && call.candidates.map(\.suffix) == ["{"] && call.candidates[0].label == "train{")
        let option = notebook.complete("rlhf.train{sh")
        #expect(option.word == "sh" && option.candidates[0].suffix == " = ")
        #expect(option.candidates[0].detail == "boolean = true: whether rows are mixed")
        #expect(notebook.complete("config.de").candidates.map(\.suffix) == [""])
    }

    @Test("the signature of the innermost call is at hand, by whatever name it is called")
    func signature() {
        #expect(notebook.complete("rlhf.pair(").signature == "rlhf.pair(a)")
        #expect(notebook.complete("rlhf.pair(").wantsSignature)
        #expect(notebook.complete("alias{x = ").signature?.hasPrefix("alias{batch_size = 8") == true)
        #expect(notebook.complete("1 + ").signature == nil)
    }

    @Test("files go on in strings; folders keep the string open")
    func files() throws {
        let folder = ScratchFolder.url.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder.appending(path: "data sets"), withIntermediateDirectories: true)
        try Data().write(to: folder.appending(path: "data.jsonl"))
        try Data().write(to: folder.appending(path: ".data"))
        let list = notebook.complete("rlhf.datasets.jsonl('\(folder.path)/da")
        #expect(list.candidates.map(\.text) == [folder.path + "/data sets/", folder.path + "/data.jsonl"])
        #expect(list.candidates.map(\.suffix) == ["", "'"])
    }

    @Test("no code of the user's runs")
    func runsNothing() {
        for text in ["trap.", "trap.x.", "trap.real", "trap:x(", "trap{a", "trap.x{b = ", "%time trap."] { _ = notebook.complete(text) }
        #expect(notebook.state.evaluate("return ran", cellName: "c").values.first?.integer == 0)
    }
}

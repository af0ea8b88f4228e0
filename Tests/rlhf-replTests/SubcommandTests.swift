import Foundation
import TestSupport
import Testing

/// `rlhf-repl models`, `runs` and `pipeline`, as they are run.
struct SubcommandTests {
    private let folder = ScratchFolder.url.appending(path: "words-\(UUID().uuidString)")

    private func run(_ arguments: [String]) throws -> BuiltProgram.Result {
        try BuiltProgram.run("rlhf-repl", arguments, input: "", environment: ["HOME": folder.path, "RLHF_REPL_CACHE": folder.path])
    }

    @Test("models lists what is here with its shape, what is not, and what cannot be read")
    func models() throws {
        let store = folder.appending(path: "models")
        try FileManager.default.createDirectory(at: store, withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: TinyModel().write(), toPath: store.appending(path: "small.gguf").path)
        try Data("no model".utf8).write(to: store.appending(path: "broken.gguf"))
        let result = try run(["models"])
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("SmolLM2-135M-Instruct") && $0.hasSuffix("not fetched") })
        #expect(lines.contains { $0.hasPrefix("broken") && $0.contains("GGUF") })
        #expect(lines.contains { $0.hasPrefix("small") && $0.contains("267") })
    }

    @Test("pipeline takes the options of rlhf.pipeline, and runs lists and shows what it has trained")
    func pipelineAndRuns() throws {
        let model = try TinyModel().write()
        defer { try? FileManager.default.removeItem(atPath: model) }
        let runs = folder.appending(path: "runs").path
        let trained = try run([
            "pipeline", "--model", model, "smoke=true", "run_rl=false", "renderer_name=chatml", "log_path=\(runs)/mine",
        ])
        #expect(trained.status == 0, "\(trained.error)")
        let list = try run(["runs", runs])
        #expect(list.status == 0)
        #expect(list.output.contains("mine/sft") && list.output.contains("mine/rm") && list.output.contains("finished"))
        let shown = try run(["runs", "\(runs)/mine/sft"])
        #expect(shown.output.contains("supervised") && shown.output.contains("/sampler_weights/final"))
        let wrong = try run(["pipeline", "--model", model, "smok=true"])
        #expect(wrong.status == 1)
        #expect(wrong.error.contains("smok") && wrong.error.contains("smoke"))
        // No number of Lua's: an undefined name there.
        #expect(try run(["pipeline", "--model", model, "seed=nan"]).error.contains("seed = \"nan\""))
        #expect(try run(["pipeline", "smoke"]).error.contains("NAME=VALUE"))
        #expect(try run(["runs", folder.appending(path: "none").path]).status == 1)
    }
}

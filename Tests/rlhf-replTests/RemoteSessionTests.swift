import Foundation
import TestSupport
import Testing

/// The built program as a client of the built program.
@Suite(.serialized) struct RemoteSessionTests {
    /// All three stages with every kind of request: losses of the service and of the client, scores, samples with seeds, saves and
    /// loads of both kinds.
    private static let stages = """
        local p = rlhf.params{folder = ""}
        local function chat(q, a) return {messages = {{role = "user", content = q}, {role = "assistant", content = a}}} end
        local chats, pairs_ = {}, {}
        for i = 1, 8 do
          chats[i] = chat("say " .. i, "hello the " .. i)
          pairs_[i] = {prompt = "say " .. i, chosen = "hello", rejected = "hello the thing " .. i}
        end
        local sft = rlhf.supervised.train{dataset_builder = chats, renderer_name = "chatml", batch_size = 4, num_epochs = 2, test_size = 2,
          lora_rank = 4, learning_rate = 0.01, seed = 1, log_path = p.folder .. "/sft"}
        local pm = rlhf.preference.train_bradley_terry{dataset_builder = pairs_, renderer_name = "chatml", batch_size = 4, num_epochs = 1,
          test_size = 2, lora_rank = 4, learning_rate = 0.01, seed = 1, load_checkpoint_path = sft.checkpoint.state_path,
          log_path = p.folder .. "/pm"}
        for _, loss in ipairs{"importance_sampling", "ppo"} do
          rlhf.rl.train{loss_fn = loss, max_tokens = 8, num_epochs = 2, lora_rank = 4, learning_rate = 0.01, seed = 1,
            kl_penalty_coef = 0.1, renderer_name = "chatml", load_checkpoint_path = sft.checkpoint.state_path,
            log_path = p.folder .. "/" .. loss,
            dataset_builder = rlhf.rl.RewardFunctionBuilder{prompts = {"one", "two"}, group_size = 3, batch_size = 2,
              reward = function(prompt, response) return #response % 7 end}}
        end
        """

    /// What stands in the metrics of all runs in a folder, without what is about time.
    private func metrics(_ folder: URL) throws -> [String] {
        try ["sft", "pm", "importance_sampling", "ppo"].map { run in
            let text = try String(contentsOf: folder.appending(path: run).appending(path: "metrics.jsonl"), encoding: .utf8)
            return text.replacing(#/"time/[^,}]*,?/#, with: "")
        }
    }

    @Test("a script gives the same metrics, bit for bit, on the embedded engine and on a server")
    func sameMetrics() throws {
        let server = try ServedModel()
        let script = server.folder.appending(path: "stages.lua")
        try Data(Self.stages.utf8).write(to: script)
        func run(_ name: String, _ arguments: [String]) throws -> [String] {
            let folder = server.folder.appending(path: name)
            let result = try BuiltProgram.run(
                "rlhf-repl", arguments + ["--set", "folder=\(folder.path)", script.path], environment: ["HOME": folder.path])
            try #require(result.status == 0, "\(result.error)")
            return try metrics(folder)
        }
        let embedded = try run("embedded", ["--model", server.model, "--threads", "2"])
        let remote = try run("remote", ["--base-url", server.url, "--tokenizer", server.model])
        #expect(embedded.allSatisfy { $0.contains("\n{") })
        #expect(remote == embedded)
    }

    // MARK: Ctrl-C

    /// A service that says nothing; `asked` gets an element for each request.
    private func silentService() throws -> (server: ScriptedHTTPServer, asked: DispatchSemaphore) {
        let asked = DispatchSemaphore(value: 0)
        let server = try ScriptedHTTPServer { _ in
            asked.signal()
            return .silence
        }
        return (server, asked)
    }

    private func start(_ arguments: [String]) throws -> ScriptedTerminal {
        let folder = ScratchFolder.url.appending(path: "state-\(UUID().uuidString)")
        return try ScriptedTerminal(
            BuiltProgram.path("rlhf-repl"), arguments,
            environment: ["XDG_STATE_HOME": folder.path, "HOME": folder.path, "INPUTRC": "/dev/null", "NO_COLOR": "1"])
    }

    @Test("Ctrl-C ends a program that waits for its service at the start")
    func interruptAtStart() throws {
        let (server, asked) = try silentService()
        let terminal = try start(["--base-url", server.url])
        asked.wait()
        terminal.type("\u{3}")
        // The service never answers: but for Ctrl-C the program would wait for a minute and then ask again.
        #expect(try terminal.end() == 130)
        #expect(!terminal.transcript.contains("[1]>"))
    }

    @Test("Ctrl-C ends a cell that waits for a service, and the session goes on")
    func interruptInCell() throws {
        let (server, asked) = try silentService()
        let terminal = try start([])
        try terminal.wait(for: "[1]> ")
        terminal.enter("rlhf.ServiceClient{base_url = '\(server.url)'}:get_server_capabilities()")
        asked.wait()
        terminal.type("\u{3}")
        try terminal.wait(for: "[2]> ")
        terminal.enter("6 * 7")
        try terminal.wait(for: "42\n")
        try terminal.wait(for: "[3]> ")
        terminal.type("\u{4}")
        #expect(try terminal.end() == 0)
    }

    // MARK: Proxies

    @Test("A proxy is taken from http_proxy, and no_proxy goes around it")
    func proxies() throws {
        let proxy = try ScriptedHTTPServer { request in
            .answer(
                status: 403, headers: ["Content-Type": "application/json"], body: Data(#"{"detail":"proxy: \#(request.line)"}"#.utf8))
        }
        func error(_ url: String, _ environment: [String: String]) throws -> String {
            try BuiltProgram.run("rlhf-repl", ["--base-url", url], environment: environment.merging(["HOME": "/nowhere"]) { $1 }).error
        }
        #expect(
            try error("http://service.invalid/base", ["http_proxy": proxy.url]).contains(
                "service.invalid: get_server_capabilities: proxy: POST http://service.invalid/base/api/v1/client/config HTTP/1.1"))
        #expect(
            try error("http://service.invalid", ["http_proxy": proxy.url, "no_proxy": "service.invalid"]).contains(
                "service.invalid: get_server_capabilities: no connection"))
    }
}

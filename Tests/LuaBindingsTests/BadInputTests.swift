import Foundation
import LuaBindings
import LuaRuntime
import Testing

/// What a user may get wrong, one case each: the error says what was wrong and what to do, and nothing is lost by it.
@Suite("Bad input")
struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var source: String
        var kind: String
        /// What the message names.
        var message: [String]
        /// What the hint, or else the message, says to do.
        var advice: String
        var testDescription: String { name }
    }

    private static let reward = """
        rlhf.rl.train{max_tokens = 2, renderer_name = "chatml", log_path = "{FOLDER}/rl", dataset_builder =
          rlhf.rl.RewardFunctionBuilder{prompts = {"a"}, batch_size = 1, group_size = 2, reward = function() return BODY end}}
        """
    private static let custom = """
        local client = rlhf.ServiceClient{}:create_lora_training_client{base_model = "toy"}
        local datum = rlhf.Datum{model_input = rlhf.ModelInput.from_ints{1, 2},
          loss_fn_inputs = {target_tokens = {2, 3}, weights = {1, 1}}}
        client:forward_backward_custom({datum}, function(data, logprobs) return logprobs[1]:sum() * (0 / 0) end):result()
        """

    static let cases = [
        Case(
            name: "an unknown option", source: "rlhf.supervised.train{dataset_builder = chats, batch_siz = 2}",
            kind: "usage", message: ["unknown option 'batch_siz'"], advice: "'batch_size'"),
        Case(
            name: "an unknown model",
            source: "rlhf.supervised.train{dataset_builder = chats, batch_size = 2, model_name = 'toi', renderer_name = 'chatml'}",
            kind: "model", message: ["'toi'"], advice: "toy"),
        Case(
            name: "a missing file", source: "rlhf.supervised.train{dataset_builder = '{FOLDER}/brken.jsonl'}",
            kind: "io", message: ["{FOLDER}/brken.jsonl"], advice: "did you mean 'broken.jsonl'?"),
        Case(
            name: "a line that is no JSON", source: "rlhf.supervised.train{dataset_builder = '{FOLDER}/broken.jsonl'}",
            kind: "data", message: ["{FOLDER}/broken.jsonl, line 2", "\"completion\" \"d\""], advice: "one JSON object"),
        Case(
            name: "an empty file", source: "rlhf.supervised.train{dataset_builder = '{FOLDER}/empty.jsonl'}",
            kind: "data", message: ["{FOLDER}/empty.jsonl is empty"], advice: "one JSON object on each line"),
        Case(
            name: "an empty list", source: "rlhf.supervised.train{dataset_builder = {}}",
            kind: "data", message: ["no usable row"], advice: "known shapes"),
        Case(
            name: "a batch larger than the data",
            source: "rlhf.supervised.train{dataset_builder = chats, batch_size = 64, renderer_name = 'chatml'}",
            kind: "usage", message: ["batch_size is 64", "only 6 rows"], advice: "lower batch_size to 6"),
        Case(
            name: "a prompt longer than the context",
            source: reward.replacing("{\"a\"}", with: "{(\"word \"):rep(200)}").replacing("BODY", with: "1"),
            kind: "data", message: ["do not fit the context of 512 tokens", "row 1"], advice: "drop_long_prompts"),
        Case(
            name: "a Lua error inside a reward function",
            source: reward.replacing("BODY", with: "nothing.field"), kind: "usage",
            message: ["group 1, sample 1 (row 1, \"a\")", "'nothing'"], advice: "mend the function"),
        Case(
            name: "a reward that is no number", source: reward.replacing("BODY", with: "0 / 0"), kind: "data",
            message: ["the reward is nan"], advice: "look for 0/0"),
        Case(
            name: "a loss of NaN", source: custom, kind: "data", message: ["the custom loss is not finite"],
            advice: "look for 0/0"),
    ]

    @Test("says what was wrong and what to do, and loses nothing", arguments: cases)
    func badInput(_ item: Case) async throws {
        let session = CookbookSession()
        try FileManager.default.createDirectory(atPath: session.folder, withIntermediateDirectories: true)
        for (name, text) in [
            ("broken.jsonl", "{\"prompt\": \"a\", \"completion\": \"b\"}\n{\"prompt\": \"c\", \"completion\" \"d\"}\n"),
            ("empty.jsonl", ""),
        ] {
            try Data(text.utf8).write(to: URL(filePath: session.folder + "/" + name))
        }
        let outcome = try await session.run(
            Sources.chats + """
                local kept = 42
                local run = rlhf.supervised.start{dataset_builder = chats, renderer_name = "chatml", batch_size = 2,
                  log_path = "{FOLDER}/good", save_every = 1, eval_every = 0}
                run:step(1)
                """,
            "ok, err = pcall(function()\n\(item.source)\nend)\nreturn ok, err.kind",
            "return err.message", "return err.hint or err.message",
            """
            local before = run.checkpoint.name
            run:step(2)
            return kept, before, run:finish().name, rlhf.checkpoint_utils.get_last_checkpoint("{FOLDER}/good").next_step
            """)
        #expect(outcome.error == nil)
        try #require(outcome.cells.count == 5)
        #expect(outcome.cells[1] == "false \(item.kind)")
        for part in item.message {
            let wanted = part.replacing("{FOLDER}", with: session.folder)
            #expect(outcome.cells[2].contains(wanted), "\(outcome.cells[2])")
        }
        #expect(outcome.cells[3].contains(item.advice), "\(outcome.cells[3])")
        #expect(outcome.cells[4] == "42 000001 final 3")
    }
}

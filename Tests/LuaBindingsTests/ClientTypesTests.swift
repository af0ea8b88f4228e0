import Display
import LuaBindings
import LuaRuntime
import Testing

@Suite("Data of the client layer in Lua")
struct ClientTypesTests {
    @Test(
        "Inputs, datums and parameters take arrays and tensors, and print readably",
        arguments: [
            ("prompt, prompt.length, #prompt, prompt:to_ints()", "ModelInput (2 tokens: 97, 98) 2 2 {97, 98}"),
            (
                "prompt:append(1, {2, 3}, rlhf.tensor{4}, prompt):to_ints(), prompt.length",
                "{97, 98, 1, 2, 3, 4, 97, 98} 2"
            ),
            (
                "rlhf.ModelInput.from_ints(rlhf.tensor{97.0, 98}) == prompt, rlhf.ModelInput.from_ints{} == prompt",
                "true false"
            ),
            (
                "rlhf.ModelInput.from_ints{}, rlhf.ModelInput.from_ints(rlhf.tensor.arange(9))",
                "ModelInput (0 tokens) ModelInput (9 tokens: 0, 1, 2, 3, 4, 5, 6, 7, ...)"
            ),
            (
                "datum.model_input, datum.loss_fn_inputs.weights.dtype, datum.loss_fn_inputs.target_tokens.dtype",
                #"ModelInput (3 tokens: 97, 98, 99) "float32" "int64""#
            ),
            (
                "local d = rlhf.Datum{model_input = prompt, loss_fn_inputs = {target_tokens = rlhf.tensor{1.0, 2.0}, advantages = {1, -1}}}\nd.loss_fn_inputs.target_tokens.dtype, d.loss_fn_inputs.advantages:tolist()",
                #""int64" {1.0, -1.0}"#
            ),
            (
                "rlhf.Datum{model_input = prompt, loss_fn_inputs = {target_tokens = {{1, 2}, {3, 4}}}}.loss_fn_inputs.target_tokens.shape",
                "{2, 2}"
            ),
            (
                "rlhf.AdamParams{learning_rate = 0.001}, rlhf.AdamParams().beta2",
                "AdamParams{learning_rate = 0.001, beta1 = 0.9, beta2 = 0.95, eps = 1e-12, weight_decay = 0.0, grad_clip_norm = 0.0} 0.95"
            ),
            (
                "rlhf.SamplingParams{max_tokens = 5, stop = 'x'}",
                #"SamplingParams{max_tokens = 5, temperature = 1.0, top_p = 1.0, top_k = -1, stop = {"x"}}"#
            ),
            (
                "rlhf.SamplingParams{stop = {'a', 'b'}}.stop, rlhf.SamplingParams{stop = {1, 2}}.stop, rlhf.SamplingParams{stop = {}}.stop, rlhf.SamplingParams{seed = 3}.seed",
                #"{"a", "b"} {1, 2} nil 3"#
            ),
        ])
    func values(cell: String, shown: String) async throws {
        let result = try await ClientSession.evaluate(cell)
        #expect(result.error == nil)
        #expect(result.shown == shown)
    }

    @Test(
        "Wrong data say what was expected",
        arguments: [
            (
                "rlhf.ModelInput.from_ints{1, 2.5}",
                "rlhf.ModelInput.from_ints: argument 1: item 2 expected integer, got 2.5"
            ),
            (
                "rlhf.ModelInput.from_ints(rlhf.tensor{1.5})",
                "rlhf.ModelInput.from_ints: argument 1 expected token ids, got a float32 tensor of shape [1]"
            ),
            ("rlhf.ModelInput.from_ints()", "rlhf.ModelInput.from_ints: argument 1 expected token ids, got nil"),
            ("rlhf.Datum{model_input = {1}}", "Datum: option 'loss_fn_inputs' is missing, expected table"),
            ("rlhf.Datum{model_input = {1}, loss_fn_inputs = {1}}", "Datum: loss_fn_inputs are given by name"),
            (
                "rlhf.Datum{model_input = {1}, loss_fn_inputs = {target_tokens = {1.5}}}",
                "Datum: target_tokens must be integers"
            ),
            (
                "rlhf.Datum{model_input = {1}, loss_fn_inputs = {weights = {'a'}}}",
                #"Datum: loss_fn_inputs.weights[1]: expected a number, got "a""#
            ),
            (
                "rlhf.Datum{model_inputs = {1}, loss_fn_inputs = {}}",
                "Datum: option 'model_input' is missing, expected ModelInput"
            ),
            (
                "rlhf.AdamParams{learning_rate = -1}",
                "AdamParams: option 'learning_rate' expected number >= 0.0, got -1"
            ),
            (
                "rlhf.SamplingParams{top_k = 0}",
                "SamplingParams: option 'top_k' expected integer >= 1, or -1 for all, got 0"
            ),
            (
                "rlhf.SamplingParams{top_p = 1.5}",
                "SamplingParams: option 'top_p' expected number in 0.0...1.0, got 1.5"
            ),
            ("rlhf.SamplingParams{max_tokens = 0}", "SamplingParams: option 'max_tokens' expected integer >= 1, got 0"),
            (
                "rlhf.SamplingParams{stop = {'a', 1}}",
                "SamplingParams: option 'stop' expected string, list of strings, or list of token ids, got table"
            ),
            ("rlhf.display.tokens({1, 2}, {1})", "rlhf.display.tokens: weights of shape [1] do not fit 2 tokens"),
            ("rlhf.display.datum(prompt)", "rlhf.display.datum: argument 1 expected Datum, got ModelInput"),
        ])
    func errors(cell: String, message: String) async throws {
        #expect(try await ClientSession.evaluate(cell).error?.message == message)
    }

    @Test("A datum shows its text with a weight for each token, and marks what is learned where there are no colours")
    func coloring() async throws {
        let result = try await ClientSession.evaluate("datum")
        let runs = try #require(result.runs)
        #expect(runs.pieces.map(\.text) == ["a", "b", "c", "d"])
        #expect(runs.pieces.map(\.value) == [0, 0, 1, 1])
        #expect(result.shown == "4 tokens, 2 learned\nab[+cd+]")
    }

    @Test(
        "Token colouring keeps characters whole, shows advantages of both signs, and ids where there is no tokenizer",
        arguments: [
            ("rlhf.display.tokens(tok:encode('é!'), {0, 1, -1})", "3 tokens, 1 learned, 1 unlearned\n[+é+][-!-]"),
            ("rlhf.display.tokens(tok:encode('a\\nb'), {1, 1, 0}, tok)", "3 tokens, 2 learned\n[+a↵\n+]b"),
            (
                "rlhf.display.datum(rlhf.Datum{model_input = {97, 98}, loss_fn_inputs = {target_tokens = {98, 99}, logprobs = {0, -1}, advantages = {0, -0.5}}})",
                "3 tokens, 0 learned, 1 unlearned\nab[-c-]"
            ),
            (
                "rlhf.display.datum(rlhf.Datum{model_input = {97, 98}, loss_fn_inputs = {target_tokens = {{98, 0}, {99, 100}}, weights = {{0, 0}, {0.2, 0.8}}}})",
                "3 tokens, 1 learned\nab[+d+]"
            ),
            ("rlhf.display.datum(rlhf.Datum{model_input = {97, 98}, loss_fn_inputs = {}})", "2 tokens, 0 learned\nab"),
            ("rlhf.display.tokens({104, 105}, {1, 0}, tok).text", #""hi""#),
        ])
    func display(cell: String, shown: String) async throws {
        let result = try await ClientSession.evaluate(cell)
        #expect(result.error == nil)
        #expect(result.shown == shown)
    }

    @Test("Before there is a client, tokens are shown by their ids")
    func withoutTokenizer() async throws {
        let result = try await ClientSession.evaluate("rlhf.display.tokens({104, 105}, {1, 0})", prelude: "")
        #expect(result.shown == "2 tokens, 1 learned\n[+104 +]105 ")
    }
}

import LuaBindings
import LuaRuntime
import Testing

@Suite("Clients in Lua")
struct ClientBindingTests {
    @Test("Everything is documented, methods with an example as well")
    func documentation() {
        let registry = ClientSession.registry
        #expect(registry.documentationGaps == [])
        let clientTypes = ["ServiceClient", "TrainingClient", "SamplingClient", "Tokenizer", "ModelInput"]
        for type in registry.types where clientTypes.contains(type.name) {
            for method in type.methods { #expect(!method.example.isEmpty, "\(type.name):\(method.path)") }
        }
    }

    @Test("Every example runs as it stands")
    func examples() async throws {
        let registry = ClientSession.registry
        let own = registry.functions.filter {
            !$0.path.hasPrefix("rlhf.tensor") && !["rlhf.gather", "rlhf.spawn"].contains($0.path)
        }
        let bindings = own + registry.types.filter { $0.name != "Tensor" }.flatMap(\.methods)
        let examples = bindings.map(\.example).filter { !$0.isEmpty }
        for (example, result) in zip(examples, try await ClientSession.evaluate(examples)) {
            #expect(result.error == nil, "\(example)")
        }
    }

    @Test(
        "Calls return what the contract says",
        arguments: [
            (
                "service:get_server_capabilities().supported_models, service:get_server_capabilities().supports_multiple_targets",
                #"{{max_context_length = 512, model_name = "toy"}} true"#
            ),
            ("trainer.base_model, trainer.rank, trainer.max_context_length, sampler.base_model", #""toy" 4 512 "toy""#),
            (
                "service, trainer, sampler, tok",
                "ServiceClient (toy service) TrainingClient (toy, rank 4 on attention and MLP and unembedding) SamplingClient (toy) Tokenizer (259 tokens)"
            ),
            // The toy model begins with equal logits: every logprob is -ln 259 = -5.5568
            (
                "local out = trainer:forward(data, 'cross_entropy'):result()\nstring.format('%.4f %.4f %d', out.metrics['loss:sum'], out.loss_fn_outputs[2].logprobs[3], #out.loss_fn_outputs)",
                #""22.2273 -5.5568 2""#
            ),
            (
                "local l = sampler:compute_logprobs(ids):result()\nl[1], string.format('%.4f', l[2]), #l",
                #"nil "-5.5568" 4"#
            ),
            (
                "#sampler:sample{prompt = {97}, num_samples = 3, sampling_params = {max_tokens = 2}}:result().sequences",
                "3"
            ),
            (
                "#sequence.tokens, #sequence.logprobs, sequence.stop_reason, sequence.text == tok:decode(sequence.tokens)",
                #"3 3 "length" true"#
            ),
            (
                "trainer:save_state('a'):result(), trainer:save_weights_for_sampler('b'):result().path",
                #"{path = "tinker://run-1/weights/a"} "tinker://run-1/sampler_weights/b""#
            ),
            (
                "trainer:load_state(path):result().path == path, trainer:load_state_with_optimizer(path):result().path == path",
                "true true"
            ),
            ("service:create_training_client_from_state(path).base_model", #""toy""#),
            ("service:create_training_client_from_state_with_optimizer(path).base_model", #""toy""#),
            (
                "service:create_sampling_client{model_path = path}, service:create_sampling_client{base_model = 'toy'}",
                "SamplingClient (toy) SamplingClient (toy)"
            ),
            (
                "trainer:save_weights_and_get_sampling_client(), trainer:save_weights_and_get_sampling_client('x')",
                "SamplingClient (toy) SamplingClient (toy)"
            ),
            (
                "tok:encode('hé'), tok:decode{104, 195, 169}, tok:decode(104), tok:pieces(rlhf.tensor{97, 98})",
                #"{104, 195, 169} "hé" "h" {"a", "b"}"#
            ),
            (
                "tok.vocab_size, tok.eos_token_id, tok.bos_token, tok.bos_token_id, tok.special_tokens['<|im_end|>']",
                "259 258 nil nil 257"
            ),
        ])
    func values(cell: String, shown: String) async throws {
        let result = try await ClientSession.evaluate(cell)
        #expect(result.error == nil)
        #expect(result.shown == shown)
    }

    @Test("A model learns by forward_backward and optim_step, and samplers keep the weights of their time")
    func training() async throws {
        let result = try await ClientSession.evaluate(
            """
            local before = trainer:save_weights_and_get_sampling_client()
            local losses = {}
            for step = 1, 5 do
                local pass = trainer:forward_backward(data, 'cross_entropy')
                local norm = trainer:optim_step(rlhf.AdamParams{learning_rate = 0.5}):result().metrics.grad_norm
                assert(norm > 0)
                losses[step] = pass:result().metrics['loss:sum']
                assert(step == 1 or losses[step] < losses[step - 1])
            end
            local after = trainer:save_weights_and_get_sampling_client()
            local function last(sampler) return sampler:compute_logprobs{97, 98, 99, 100}:result()[4] end
            last(after) > last(before) + 1, last(before) == last(sampler)
            """)
        #expect(result.error == nil)
        #expect(result.shown == "true true")
    }

    @Test("A custom loss that spells out the cross-entropy trains exactly as the built-in one")
    func customLoss() async throws {
        let result = try await ClientSession.evaluate(
            """
            local other = service:create_lora_training_client{}
            local seen
            local pass = trainer:forward_backward_custom(data, function(batch, logprobs)
                seen = rawequal(batch[1], data[1]) and #logprobs == 2 and batch[2].model_input.length == 3
                rlhf.spawn(function() return 1 end):result()  -- it may wait like any task
                local loss = 0
                for i, datum in ipairs(batch) do loss = loss - (logprobs[i] * datum.loss_fn_inputs.weights):sum() end
                return loss, {count = #batch, mean = loss / 2}
            end):result()
            trainer:optim_step{learning_rate = 0.1}
            local reference = other:forward_backward(data, 'cross_entropy'):result()
            other:optim_step{learning_rate = 0.1}
            local function loss(client) return client:forward(data, 'cross_entropy'):result().metrics['loss:sum'] end
            local difference = math.abs(loss(trainer) - loss(other))
            seen, pass.metrics.count, string.format('%.4f %.4f', pass.metrics.mean, pass.metrics['loss:sum']), difference < 1e-5
            """)
        #expect(result.error == nil)
        #expect(result.shown == #"true 2.0 "11.1137 22.2273" true"#)
    }

    @Test(
        "What is wrong with a custom loss is said",
        arguments: [
            ("function() return 3 end", "forward_backward_custom: the loss function returned 3, expected a tensor"),
            ("function() end", "forward_backward_custom: the loss function returned nil, expected a tensor"),
            ("function() return rlhf.tensor{1.5}:sum() end", "the custom loss does not depend on the logprobs"),
            ("function(_, l) return l[1] end", "the custom loss has shape [3], expected a scalar"),
            (
                "function(_, l) return l[1]:sum(), {a = 'x'} end",
                #"forward_backward_custom: metric 'a' must be a number, got "x""#
            ),
            (
                "function(_, l) return l[1]:sum(), 2 end",
                "forward_backward_custom: the metrics must be a table of numbers by name, got 2"
            ),
            ("function(_, l) return (l[1] / 0):sum() end", "the custom loss is not finite (NaN or infinity)"),
            ("function(_, l)\n  error('mine') end", "mine"),
        ])
    func customLossErrors(loss: String, message: String) async throws {
        let error = try await ClientSession.evaluate("trainer:forward_backward_custom(data, \(loss)):result()").error
        #expect(error?.message == message)
        if message == "mine" { #expect(error?.line == 2 && error?.cell == "cell[1]") }
    }

    @Test(
        "Wrong calls say what was expected and what may have been meant",
        arguments: [
            (
                "rlhf.ServiceClient{url = 'x'}", "usage", "ServiceClient: unknown option 'url'",
                "did you mean 'base_url'?"
            ),
            (
                "service:create_lora_training_client{rnak = 8}", "usage",
                "create_lora_training_client: unknown option 'rnak'", "did you mean 'rank'?"
            ),
            (
                "service:create_lora_training_client{rank = 0}", "usage",
                "create_lora_training_client: option 'rank' expected integer >= 1, got 0", nil
            ),
            (
                "service:create_lora_training_client{train_mlp = false, train_attn = false, train_unembed = false}",
                "usage", "create_lora_training_client: there is nothing to train",
                "let one of train_mlp, train_attn and train_unembed be true"
            ),
            (
                "service:create_lora_training_client{base_model = 'toi'}", "model", "unknown model 'toi'",
                "known models: toy"
            ),
            (
                "service:create_sampling_client{base_model = 'toy', model_path = 'x'}", "usage",
                "create_sampling_client: base_model and model_path exclude each other",
                "saved weights know their base model; give model_path alone"
            ),
            ("service:create_sampling_client{model_path = 'tinker://no'}", "io", "no checkpoint at tinker://no", nil),
            (
                "service.create_sampling_client{}", "usage",
                "ServiceClient:create_sampling_client: called on table, expected ServiceClient",
                "call methods with a colon: object:create_sampling_client(...)"
            ),
            ("trainer:load_state('tinker://no'):result()", "io", "no checkpoint at tinker://no", nil),
            (
                "trainer:forward(datum, 'cross_entropy')", "usage",
                "TrainingClient:forward: argument 1 expected list of Datum, got Datum", nil
            ),
            (
                "trainer:forward_backward_custom(datum, print)", "usage",
                "TrainingClient:forward_backward_custom: argument 1 expected list of Datum, got Datum", nil
            ),
            (
                "trainer:forward({datum, 1}, 'cross_entropy')", "usage",
                "TrainingClient:forward: datum 2 expected Datum, got 1",
                "make it by rlhf.Datum{model_input = ..., loss_fn_inputs = {...}} or by a renderer"
            ),
            (
                "trainer:forward(data, 'crossentropy')", "usage", "TrainingClient:forward: unknown loss 'crossentropy'",
                "did you mean 'cross_entropy'?"
            ),
            (
                "trainer:forward_backward(data, 'ppo', {clip_low = 1})", "usage", "ppo: unknown option 'clip_low'",
                "did you mean 'clip_low_threshold'?"
            ),
            (
                "trainer:forward_backward(data, 'cross_entropy', {beta = 1})", "usage",
                "cross_entropy: unknown option 'beta'", nil
            ),
            (
                "trainer:optim_step{lr = 1}", "usage", "TrainingClient:optim_step: unknown option 'lr'",
                "it has: beta1, beta2, eps, grad_clip_norm, learning_rate, weight_decay"
            ),
            ("trainer:optim_step(1)", "usage", "TrainingClient:optim_step: argument 1 expected AdamParams, got 1", nil),
            (
                "sampler:sample{prompt = 'Hi'}", "usage", "sample: option 'prompt' expected token ids, got \"Hi\"",
                "a tokenizer's encode(text) makes ids of a text"
            ),
            ("sampler:sample{}", "usage", "sample: option 'prompt' is missing, expected ModelInput", nil),
            (
                "sampler:sample{prompt = {1}, max_tokens = 3}", "usage", "sample: unknown option 'max_tokens'",
                "it has: include_prompt_logprobs, num_samples, prompt, sampling_params"
            ),
            (
                "sampler:sample{prompt = {1}, sampling_params = {max_token = 3}}", "usage",
                "sample: sampling_params: unknown option 'max_token'", "did you mean 'max_tokens'?"
            ),
            (
                "sampler:sample{prompt = {1, 'a'}}", "usage",
                "sample: option 'prompt': item 2 expected integer, got \"a\"", nil
            ),
            ("tok:encode(5)", "usage", "Tokenizer:encode: argument 1 expected string, got 5", nil),
            (
                "tok:encode('a', {parse = true})", "usage", "encode: unknown option 'parse'",
                "did you mean 'parse_special'?"
            ),
            ("tok:decode{259}", "data", "Tokenizer:decode: token id 259 is outside the vocabulary of 259", nil),
            (
                "tok:decode('a')", "usage", "Tokenizer:decode: argument 1 expected token ids, got \"a\"",
                "a tokenizer's encode(text) makes ids of a text"
            ),
            ("trainer.rnk", "usage", "TrainingClient has no field 'rnk'", "did you mean 'rank'?"),
        ] as [(String, String, String, String?)])
    func errors(cell: String, kind: String, message: String, hint: String?) async throws {
        let error = try await ClientSession.evaluate(cell).error
        #expect(error?.kind == kind)
        #expect(error?.message == message)
        #expect(error?.hint == hint)
    }
}

import Cookbook
import LuaRuntime
import Testing

@Suite("Renderers in Lua")
struct CookbookRendererTests {
    @Test("a prompt, an example with its weights, and a response")
    func builtIn() async throws {
        let outcome = try await CookbookSession().run(
            Sources.tokenizer + """
                local renderer = rlhf.renderers.get_renderer("chatml", tok)
                local chat = {{role = "user", content = "Hi"}, {role = "assistant", content = "Yo"}}
                local prompt = renderer:build_generation_prompt({chat[1]}, {prefill = "Y"})
                local input, weights = renderer:build_supervised_example(chat, rlhf.TrainOnWhat.LAST_ASSISTANT_MESSAGE)
                local message, ending = renderer:parse_response{89, 111, 257}
                local cut, how = renderer:parse_response{89}
                return prompt.length, input.length, #weights, weights:sum(), message.role, message.content, ending, how,
                  renderer:get_stop_sequences(), renderer.name, tostring(renderer)
                """)
        #expect(outcome.error == nil)
        // <|im_start|>user\nHi<|im_end|>\n is 10 bytes and tokens; <|im_start|>assistant\n 11; the reply "Yo<|im_end|>" 3, all trained.
        #expect(outcome.shown.hasPrefix("22 24 24 "), "\(outcome.shown)")
        #expect(outcome.shown.contains("assistant Yo stop_sequence malformed {257, 258} chatml Renderer(chatml)"))
    }

    @Test("a renderer made of Lua functions renders, trains and parses")
    func registered() async throws {
        let session = CookbookSession()
        let register = """
            rlhf.renderers.register("qa-test", {
              render_message = function(message)
                return {header = message.role == "assistant" and "A:" or "Q:", output = message.content, ending = "\\n"}
              end,
              generation_header = "A:", stop = {"\\n"},
            })
            """
        let outcome = try await session.run(
            register,
            Sources.tokenizer + """
                local renderer = rlhf.renderers.get_renderer("qa-test", tok)
                local chat = {{role = "user", content = "Hi<|im_end|>"}, {role = "assistant", content = "Yo"}}
                local prompt = renderer:build_generation_prompt{chat[1]}
                local input, weights = renderer:build_supervised_example(chat)
                local message, ending = renderer:parse_response(tok:encode("Yo\\n"))
                return tok:decode(prompt:to_ints()), tok:decode(input:to_ints()), weights:sum():item(), message.content, ending
                """,
            Sources.chats + """
                local run = rlhf.supervised.train{dataset_builder = chats, renderer_name = "qa-test", batch_size = 3}
                return run.renderer.name, run.next_step, rlhf.renderers.unregister("qa-test")
                """)
        #expect(outcome.error == nil)
        // Plain text stays plain; the reply and its ending are trained.
        #expect(outcome.cells[1] == "Q:Hi<|im_end|>\nA: Q:Hi<|im_end|>\nA:Yo\n 3.0 Yo stop_sequence")
        #expect(outcome.shown == "qa-test 2 true")
    }

    @Test("errors in a Lua renderer name the renderer and keep their place")
    func errors() async throws {
        let session = CookbookSession()
        defer { Renderers.unregister("bad-test") }
        let raised = try await session.run(
            """
            rlhf.renderers.register("bad-test", {
              render_message = function(message)
                return {output = message.contents .. "x"}
              end,
              generation_header = "A:"})
            """,
            Sources.tokenizer
                + "return rlhf.renderers.get_renderer('bad-test', tok):build_generation_prompt{{role = 'user', content = 'Hi'}}"
        )
        #expect(raised.error?.cell == "cell[1]" && raised.error?.line == 3)
        #expect(raised.error?.message.contains("contents") == true)
        let wrong = try await session.run(
            """
            rlhf.renderers.register("bad-test", {
              render_message = function(message) return {ouput = "x"} end, generation_header = "A:"})
            """,
            Sources.tokenizer
                + "return rlhf.renderers.get_renderer('bad-test', tok):build_generation_prompt{{role = 'user', content = 'Hi'}}"
        )
        #expect(wrong.error?.message == "renderer 'bad-test': render_message returned a field 'ouput'")
        #expect(wrong.error?.hint == "did you mean 'output'?")
    }

    @Test("wrong messages are named by their place")
    func messages() async throws {
        let session = CookbookSession()
        func error(_ messages: String) async throws -> LuaError? {
            try await session.run(
                Sources.tokenizer + "rlhf.renderers.get_renderer('chatml', tok):build_generation_prompt(\(messages))"
            ).error
        }
        #expect(try await error("{{role = 'user', contents = 'a'}}")?.hint == "did you mean 'content'?")
        #expect(
            try await error("{{role = 'user'}}")?.message.contains("messages[1]: content is nil, expected a string")
                == true)
        #expect(try await error("{role = 'user', content = 'a'}")?.message.contains("got one message") == true)
        let unknown = try await session.run(Sources.tokenizer + "rlhf.renderers.get_renderer('chatlm', tok)")
        #expect(unknown.error?.message == "unknown renderer 'chatlm'")
        #expect(unknown.error?.hint == "did you mean 'chatml'?")
    }
}

import Display
import Foundation
import LuaRuntime
import Synchronization
import Testing

/// What bindings hand to whoever watches the state.
struct SeeingTests {
    @Test("plot draws lists, tensors and lists by name, and writes the picture that a file's ending names")
    func plots() async throws {
        let session = CookbookSession()
        try FileManager.default.createDirectory(atPath: session.folder, withIntermediateDirectories: true)
        let outcome = try await session.run(
            """
            plot({3, 2, 1}, {title = "T", file = "{FOLDER}/a.svg"})
            plot({a = {1, 2}, b = rlhf.tensor{3.0, 4.0}}, {kind = "scatter", x = {1, 10}, x_scale = "log"})
            plot({1, 2, 2, 3}, {kind = "histogram", bins = 3, file = "{FOLDER}/a.png"})
            """)
        #expect(outcome.error == nil)
        let plots = session.plots.withLock { $0 }
        try #require(plots.count == 3)
        #expect(plots.map { $0.series.map(\.name) } == [[""], ["a", "b"], [""]])
        #expect(plots[1].xScale == .log && plots[1].series.allSatisfy { $0.kind == .scatter })
        #expect(plots[2].series[0].y == [1, 2, 1])
        #expect(FileManager.default.contents(atPath: session.folder + "/a.png")?.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
        #expect(FileManager.default.contents(atPath: session.folder + "/a.svg")?.prefix(4) == Data("<svg".utf8))
        let wrong = try await CookbookSession().run("plot({1}, {file = 'a.pdf'})")
        #expect(wrong.error?.message.contains("ends in .svg or .png") == true)
        #expect(try await CookbookSession().run("plot({1}, {kind = 'pie'})").error?.kind == "usage")
    }

    @Test("a text is coloured by logprobs, given or asked of a model, and by the difference of two models")
    func logprobs() async throws {
        let outcome = try await CookbookSession().run(
            Sources.tokenizer
                + """
                local sampler = rlhf.ServiceClient{}:create_sampling_client{base_model = 'toy'}
                local ids = tok:encode('abc')
                rlhf.display.logprobs(ids, {nil, -0.1, -9}, tok)
                """, "rlhf.display.logprob_diff(ids, {nil, -1, -1}, {nil, -3, -0.9}, tok)",
            "rlhf.display.logprob_diff(ids, sampler, sampler)", "return rlhf.display.logprobs(ids, {1}, tok)")
        try #require(outcome.cells.count == 4)
        #expect(outcome.cells[0] == "3 tokens, mean logprob -4.55\nab[-c-]")
        #expect(outcome.cells[1] == "3 tokens, logprob changed by -1.9 in all\na[-b-]c")
        #expect(outcome.cells[2] == "3 tokens, logprob changed by 0 in all\nabc")
        #expect(outcome.error?.message.contains("1 logprob do not fit 3 tokens") == true)
    }

    @Test("conversations, pairs, comparisons and samples are shown as what they are")
    func conversations() async throws {
        let outcome = try await CookbookSession().run(
            """
            rlhf.display.messages{{role = "user", content = "2 + 2?"}, {role = "assistant", content = "4"}}
            rlhf.display.pair("one", "two", {left = "base", right = "tuned"})
            rlhf.display.pair{prompt_conversation = "Q", completion_A = "good", completion_B = "bad", label = "A"}
            rlhf.display.rollouts({{prompt = "p", response = "low", reward = -1}, {prompt = "p", response = "high", reward = 1}}, {sort = "best"})
            """)
        #expect(outcome.error == nil)
        #expect(outcome.printed.contains("     user │ 2 + 2?\nassistant │ 4\n"))
        #expect(outcome.printed.contains("A, preferred"))
        #expect(outcome.printed.contains("2 replies, reward mean 0, from -1 to 1\n[1] reward 1\n  p\n    high\n[2] reward -1"))
        let wrong = try await CookbookSession().run("rlhf.display.rollouts{{prompt = 'p'}}")
        #expect(wrong.error?.message == "rlhf.display.rollouts: row 1 has no response")
    }
}

import Foundation
import LuaRuntime
import Testing

@Suite("Data sets in Lua")
struct CookbookDatasetTests {
    @Test("rows come from the table itself, from a list, or from a file, and keep their other fields")
    func sources() async throws {
        let session = CookbookSession()
        try FileManager.default.createDirectory(atPath: session.folder, withIntermediateDirectories: true)
        try #"""
        {"prompt": "a", "completion": "b", "split": "train", "tag": "x"}
        {"prompt": "c", "completion": "d", "split": "test", "tag": "y"}
        """#.write(toFile: session.folder + "/rows.jsonl", atomically: true, encoding: .utf8)
        let outcome = try await session.run(
            """
            local here = rlhf.datasets.conversations{
              {{role = "user", content = "Hi"}, {role = "assistant", content = "Yo"}}, {prompt = "2 + 2?", completion = "4"}}:load()
            local list = rlhf.datasets.conversations{rows = {{prompt = "2 + 2?", completion = "4"}}}:load()
            local file = rlhf.datasets.jsonl("{FOLDER}/rows.jsonl"):load()
            local pairs_ = rlhf.datasets.comparisons{{prompt = "q", chosen = "good", rejected = "bad"}}:load()
            return #here.train, here.train[1].messages[2].content, #list.train, #file.train, #file.test, file.test[1].tag,
              pairs_.train[1].completion_A[1].content, pairs_.train[1].label
            """)
        #expect(outcome.error == nil)
        #expect(outcome.shown == "2 Yo 1 1 1 y good A")
    }

    @Test("held-out rows are chosen by prompt")
    func split() async throws {
        let outcome = try await CookbookSession().run(
            Sources.pairs
                + "local data = rlhf.datasets.comparisons{rows = pairs_, test_size = 3}:load() return #data.train, #data.test"
        )
        #expect(outcome.shown == "9 3")
    }

    @Test("rows that cannot be used are reported, and those of no known shape are errors with their place")
    func badRows() async throws {
        let session = CookbookSession()
        let dropped = try await session.run(
            "return rlhf.datasets.conversations{{prompt = 'a', completion = 'b'}, {prompt = 'a', completion = ' '}}:load().report"
        )
        #expect(dropped.shown.contains("2 rows read, 1 examples kept, 1 dropped"))
        let shape = try await session.run("rlhf.datasets.conversations{{promt = 'a', completion = 'b'}}:load()")
        #expect(shape.error?.kind == "data")
        #expect(shape.error?.message.contains("row 1") == true)
        let function = try await session.run("rlhf.datasets.conversations{{prompt = 'a', completion = print}}")
        #expect(function.error?.message.contains("[1].completion is a function") == true)
        let nothing = try await session.run("rlhf.datasets.conversations{}")
        #expect(nothing.error?.message == "rlhf.datasets.conversations: there are no rows")
        let file = try await session.run("rlhf.datasets.jsonl('{FOLDER}/none.jsonl'):load()")
        #expect(file.error?.kind == "io")
    }

    @Test("published data sets say how to get their file")
    func published() async throws {
        let session = CookbookSession()
        let missing = try await session.run("rlhf.datasets.NoRobotsBuilder{}")
        #expect(missing.error?.message.contains("path is missing") == true)
        #expect(missing.error?.hint?.contains("to_json(\"no_robots.jsonl\")") == true)
        let absent = try await session.run("rlhf.datasets.HHHComparisonBuilder{path = '{FOLDER}/train.jsonl.gz'}")
        #expect(absent.error?.kind == "io")
        #expect(absent.error?.message.contains("there is no file") == true)
        #expect(absent.error?.hint?.contains("Anthropic/hh-rlhf") == true)
    }

    @Test("the starter data load")
    func starter() async throws {
        let outcome = try await CookbookSession().run(
            """
            local sft, pairs_ = rlhf.datasets.starter.sft{}:load(), rlhf.datasets.starter.comparisons{}:load()
            return #sft.train > 300, #sft.test > 50, #pairs_.train > 800, type(pairs_.test[1].failure), #sft.test[1].keywords > 0
            """)
        #expect(outcome.error == nil)
        #expect(outcome.shown == "true true true string true")
    }
}

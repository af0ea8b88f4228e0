import Cookbook
import Foundation
import JSON
import TestSupport
import Testing
import TrainingAPI

@Suite struct DatasetTests {
    private func conversation(_ row: JSONValue) throws -> [Message] {
        try #require(ConversationDataset.load(.values([row])).train.first).value
    }

    private func comparison(_ row: JSONValue) throws -> LabeledComparison {
        try #require(ComparisonDataset.load(.values([row])).train.first).value
    }

    /// Runs with the path of a file of these bytes, and removes the file afterwards.
    @discardableResult
    private func withFile<Result>(
        _ bytes: some Sequence<UInt8>, name: String = "rows.jsonl", _ body: (String) throws -> Result
    ) throws -> Result {
        let folder = ScratchFolder.url.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: name)
        try Data(bytes).write(to: file)
        return try body(file.path)
    }

    @Test("Conversations are accepted in all their shapes")
    func conversationShapes() throws {
        let expected: [Message] = [.user("Q"), .assistant("R")]
        let rows: [JSONValue] = [
            [
                "messages": [["role": "user", "content": "Q"], ["role": "assistant", "content": "R"]], "category": "x",
            ],
            ["messages": ["role": ["user", "assistant"], "content": ["Q", "R"]]],
            [
                "messages": [
                    ["role": "user", "content": [["type": "text", "text": "Q"]]],
                    ["role": "assistant", "content": "R"],
                ]
            ],
            ["prompt": "Q", "completion": "R"], ["prompt": "Q", "response": "R"],
            ["prompt": [["role": "user", "content": "Q"]], "completion": [["role": "assistant", "content": "R"]]],
            ["instruction": "Q", "context": "", "response": "R", "category": "open_qa"],
            ["instruction": "Q", "input": "", "output": "R"],
            ["instruction": "Q", "instances": [["input": "", "output": "R"]]],
            ["chosen": "\n\nHuman: Q\n\nAssistant: R", "rejected": "\n\nHuman: Q\n\nAssistant: S"],
        ]
        for row in rows { #expect(try conversation(row) == expected, "\(row)") }
        #expect(
            try conversation(["instruction": "Sum up.", "context": "Long text", "response": "R"])
                == [.user("Sum up.\n\nLong text"), .assistant("R")])
    }

    @Test("An instruction with several instances gives as many examples")
    func instances() throws {
        let row: JSONValue = [
            "instruction": "I", "instances": [["input": "a", "output": "1"], ["input": "b", "output": "2"]],
        ]
        let data = try ConversationDataset.load(.values([row]))
        #expect(data.train.map { $0.value[0].content } == ["I\n\na", "I\n\nb"])
        #expect(data.train.map(\.id) == [0, 1])
        #expect(data.report.read == 1 && data.report.kept == 2)
    }

    @Test("Comparisons are accepted in all their shapes")
    func comparisonShapes() throws {
        let expected = LabeledComparison(
            comparison: Comparison(
                promptConversation: [.user("Q")], completionA: [.assistant("R")], completionB: [.assistant("S")]),
            label: .a)
        let q: JSONValue = ["role": "user", "content": "Q"]
        let r: JSONValue = ["role": "assistant", "content": "R"]
        let s: JSONValue = ["role": "assistant", "content": "S"]
        let rows: [JSONValue] = [
            ["chosen": "\n\nHuman: Q\n\nAssistant: R", "rejected": "\n\nHuman: Q\n\nAssistant: S"],
            ["prompt": "Q", "chosen": "R", "rejected": "S"], ["prompt": [q], "chosen": "R", "rejected": "S"],
            ["prompt": "\n\nHuman: Q\n\nAssistant:", "chosen": " R", "rejected": " S"],
            ["prompt": [q], "chosen": [r], "rejected": [s]], ["prompt": "Q", "chosen": [q, r], "rejected": [q, s]],
            ["chosen": [q, r], "rejected": [q, s]],
            ["prompt": "Q", "completion_A": "R", "completion_B": "S", "label": "A"],
            ["comparison": ["prompt_conversation": [q], "completion_A": [r], "completion_B": [s]], "label": "A"],
        ]
        for row in rows {
            var found = try comparison(row)
            if row["prompt"]?.string?.hasPrefix("\n\n") == true {
                found.comparison.completionA = [.assistant("R")]
                found.comparison.completionB = [.assistant("S")]
            }
            #expect(found == expected, "\(row)")
        }
        #expect(
            try comparison(["prompt": "Q", "completion_A": "R", "completion_B": "R", "label": "Tie"]).label == .tie)
    }

    @Test("An empty reply counts in a labelled comparison, because somebody judged it")
    func emptyButLabelled() throws {
        let row: JSONValue = ["prompt": "Q", "completion_A": "R", "completion_B": "", "label": "A"]
        #expect(try comparison(row).comparison.completionB == [.assistant("")])
    }

    @Test("Transcripts are split at turn starts only")
    func transcripts() throws {
        let found = try comparison([
            "chosen":
                "\n\nHuman: Who wrote \"Human: a Story\"?\n\nAssistant: Nobody.\nAssistant: said\n\nHuman: Sure?\n\nAssistant: Yes.\n\nIt is so.",
            "rejected":
                "\n\nHuman: Who wrote \"Human: a Story\"?\n\nAssistant: Nobody.\nAssistant: said\n\nHuman: Sure?\n\nAssistant: No. ",
        ])
        #expect(
            found.comparison.promptConversation == [
                .user("Who wrote \"Human: a Story\"?"), .assistant("Nobody.\nAssistant: said"), .user("Sure?"),
            ])
        #expect(found.comparison.completionA == [.assistant("Yes.\n\nIt is so.")])
        #expect(found.comparison.completionB == [.assistant("No.")])
    }

    @Test("Rows that cannot be used are dropped, with reasons and lines in the report")
    func dropped() throws {
        let q = "\n\nHuman: Q\n\nAssistant:"
        let lines = [
            (q + " R", q + " S"), (q + " R", q + " S\n\nHuman: T\n\nAssistant: U"), (q, q + " S"),
            (q + " R\n\nAssistant: X", q + " R\n\nAssistant: Y"), (q + " R", "\n\nHuman: P\n\nAssistant: S"),
            (q + " R", q + " R"),
            ("hello", "hello"), (q + " R", q + " ?\n\nHuman: T\n\nAssistant: U"),
        ]
        let encoder = JSONEncoder()
        let text = try lines.map { chosen, rejected in
            String(decoding: try encoder.encode(["chosen": chosen, "rejected": rejected]), as: UTF8.self)
        }.joined(separator: "\n\n")
        try withFile(text.utf8) { path in
            let report = try ComparisonDataset.load(.file(path)).report
            #expect(report.read == 8 && report.kept == 1 && report.dropped.count == 7)
            #expect(
                report.dropped.map(\.reason) == [
                    .turnCountsDiffer, .emptyReply, .notAlternating, .promptsDiffer, .sameReplies, .notATranscript,
                    .turnCountsDiffer,
                ])
            #expect(report.dropped.map(\.location.number) == [3, 5, 7, 9, 11, 13, 15])
            #expect(
                report.description.hasPrefix(
                    "\(path): 8 rows read, 1 examples kept, 7 dropped\n  2: the transcripts differ in their number of turns (lines 3, 15)"
                ))
        }
    }

    @Test("Messages without text or reply, unknown labels and cut cells are dropped")
    func droppedMessages() throws {
        let good: JSONValue = ["prompt": "Q", "completion": "R"]
        let rows: [JSONValue] = [
            good, ["messages": [["role": "user", "content": "Q"]]],
            ["messages": [["role": "assistant", "content": .null]]],
            ["messages": [["role": "user", "content": [["type": "image", "url": "x"]]]]],
            ["prompt": "Q", "completion": " \n"],
            ["messages": [["content": "Q"]]], ["prompt": "Q", "completion_A": "R", "completion_B": "S", "label": "C"],
            ["prompt": "Q", "completion_A": "R", "completion_B": "S", "label": "Tie"],
        ]
        let report = try ConversationDataset.load(.values(rows)).report
        #expect(
            report.dropped.map(\.reason) == [
                .noReply, .noText, .noText, .emptyReply, .noRole, .unknownLabel("C"), .tie,
            ])
        #expect(try ComparisonDataset.load(.values([rows[7], good])).report.dropped.map(\.reason) == [.notAComparison])
    }

    @Test("A line that is no JSON is an error that names file, line and what stands there")
    func notJSON() throws {
        let text = "{\"prompt\":\"Q\",\"completion\":\"R\"}\r\n\n{\"prompt\": \"Q\", oops}\n"
        try withFile(text.utf8) { path in
            let error = #expect(throws: CookbookError.self) { try ConversationDataset.load(.file(path)) }
            #expect(error?.description == "\(path), line 3: this is not JSON: {\"prompt\": \"Q\", oops}")
            #expect(error?.kind == .data)
        }
        try withFile([0x7b, 0xff, 0xfe]) { path in
            let error = #expect(throws: CookbookError.self) { try ConversationDataset.load(.file(path)) }
            #expect(error?.description == "\(path), line 1: this is neither JSON nor UTF-8 text")
        }
        try withFile("PAR1xxxx".utf8) { path in
            let error = #expect(throws: CookbookError.self) { try ConversationDataset.load(.file(path)) }
            #expect(error?.description.contains("Parquet") == true)
        }
    }

    @Test("Rows of no known shape are an error that tells their fields and the known shapes")
    func unknownShape() throws {
        let error = #expect(throws: CookbookError.self) {
            try ConversationDataset.load(.values([["text": "x", "id": "1"]]))
        }
        #expect(error?.description == "row 1: the row has none of the known shapes: its fields are id, text")
        #expect(error?.hint?.contains("{prompt, chosen, rejected}") == true)
        let list = #expect(throws: CookbookError.self) { try ConversationDataset.load(.values([["a", "b"]])) }
        #expect(list?.description == "row 1: the row is a list, not an object")
    }

    @Test("Rows that are split by prompt carry the mark of that split, and no longer their own")
    func marksFollowTheSplit() throws {
        let rows: [JSONValue] = (0..<8).map { i in
            ["prompt": .string("Q\(i)"), "completion": "R", "split": i < 4 ? "train" : "test"]
        }
        let dataset = try ConversationDataset.load(.values(rows), split: .byPrompt(testSize: 3))
        #expect(dataset.test.count == 3)
        #expect(dataset.test.allSatisfy { $0.fields["split"] == "test" })
        #expect(dataset.train.allSatisfy { $0.fields["split"] == "train" })
    }

    @Test("A source without usable rows is an error")
    func empty() throws {
        let list = #expect(throws: CookbookError.self) { try ConversationDataset.load(.values([])) }
        #expect(list?.description == "the list of rows has no usable row")
        #expect(list?.hint?.contains("{messages}") == true)
        try withFile(" \n".utf8) { path in
            let file = #expect(throws: CookbookError.self) { try ConversationDataset.load(.file(path)) }
            #expect(file?.description == "\(path) is empty")
            #expect(file?.hint == "write one JSON object on each line")
        }
    }

    @Test("A missing file is an error that names where it was looked for and what may have been meant")
    func missing() throws {
        try withFile("{}".utf8, name: "train.jsonl") { path in
            let wrong = path.replacingOccurrences(of: "train.jsonl", with: "trian.jsonl")
            let error = #expect(throws: CookbookError.self) { try ConversationDataset.load(.file(wrong)) }
            #expect(error?.description == "data file '\(wrong)' not found; looked for \(wrong)")
            #expect(error?.hint == "did you mean 'train.jsonl'?")
            #expect(error?.kind == .io)
        }
    }

    @Test("JSON lists, pretty-printed replies of the rows service and files with a byte-order mark are read")
    func documents() throws {
        let list = "[\n {\"prompt\": \"Q\", \"completion\": \"R\"},\n {\"prompt\": \"Q\", \"completion\": \"\"}\n]"
        try withFile(list.utf8) { path in
            let report = try ConversationDataset.load(.file(path)).report
            #expect(report.kept == 1)
            #expect(report.dropped.map(\.location) == [RowLocation(file: path, unit: .row, number: 2)])
        }
        let reply = """
            {"features": [], "rows": [
              {"row_idx": 0, "row": {"chosen": "\\n\\nHuman: Q\\n\\nAssistant: R", "rejected": "\\n\\nHuman: Q\\n\\nAssistant: S"},
               "truncated_cells": []},
              {"row_idx": 1, "row": {"chosen": "\\n\\nHum", "rejected": ""}, "truncated_cells": ["chosen"]}],
             "num_rows_total": 2}
            """
        for text in [reply, "\u{feff}" + reply.replacingOccurrences(of: "\n", with: " ")] {
            try withFile(text.utf8) { path in
                let report = try ComparisonDataset.load(.file(path)).report
                #expect(report.kept == 1 && report.dropped.map(\.reason) == [.cutCells])
            }
        }
        try withFile("{\"error\": \"Parameter 'length' must not be greater than 100\"}".utf8) { path in
            let error = #expect(throws: CookbookError.self) { try ComparisonDataset.load(.file(path)) }
            #expect(error?.description.contains("must not be greater than 100") == true)
        }
    }

    /// Two members made with Python's gzip.compress(…, mtime=0): `{"prompt":"Q","completion":"R"}` and a newline, then the same
    /// with `"S"`.
    private static let gzipped: [UInt8] = Array(
        Data(
            base64Encoded: "H4sIAAAAAAACA6tWKijKzy0oUbJSClTSUUoGsnNSSzLz84ACQUq1XABSjFp/IAAAAB+LCAAAAAAA"
                + "AgOrViooys8tKFGyUgpU0lFKBrJzUksy8/OAAsFKtVwAN+vmxyAAAAA=") ?? Data())

    @Test("Gzip files are read by their content, all members of them")
    func gzip() throws {
        for bytes in [Self.gzipped, Self.gzipped + [0, 0, 0]] {
            try withFile(bytes, name: "rows.bin") { path in
                let data = try ConversationDataset.load(.file(path))
                #expect(data.train.map { $0.value[1].content } == ["R", "S"])
                #expect(data.train.map(\.location.number) == [1, 2])
            }
        }
    }

    @Test("A gzip file that is cut off or damaged is an error, never a shorter data set")
    func badGzip() throws {
        for length in [3, 12, 40, Self.gzipped.count - 60, Self.gzipped.count - 1] {
            try withFile(Self.gzipped.prefix(length)) { path in
                let error = #expect(throws: CookbookError.self) { try ConversationDataset.load(.file(path)) }
                #expect(error?.description.contains("cut off") == true, "\(length): \(error?.description ?? "")")
            }
        }
        var damaged = Self.gzipped
        damaged[Self.gzipped.count - 6] ^= 1
        for bytes in [damaged, Self.gzipped + Array("junk".utf8)] {
            try withFile(bytes) { path in
                let error = #expect(throws: CookbookError.self) { try ConversationDataset.load(.file(path)) }
                #expect(error?.description.contains("damaged") == true)
            }
        }
    }

    @Test("Rows marked with a split are divided by it")
    func marks() throws {
        let train: JSONValue = ["split": "train", "prompt": "Q", "completion": "R"]
        let test: JSONValue = ["split": "test", "prompt": "T", "completion": "R", "category": "fact"]
        let data = try ConversationDataset.load(.values([train, test, train]))
        #expect(data.train.map(\.id) == [0, 2] && data.test.map(\.id) == [1])
        #expect(data.test[0].fields["category"]?.string == "fact")
        #expect(try ConversationDataset.load(.values([train, test]), split: .allTrain).test.isEmpty)
        #expect(throws: CookbookError.self) {
            try ConversationDataset.load(.values([train, test, ["prompt": "Q", "completion": "R"]]))
        }
    }

    @Test("A split by prompt keeps the rows of a prompt together, holds out no more than asked for and repeats")
    func splitByPrompt() throws {
        let rows: [JSONValue] = (0..<60).map { i in
            ["prompt": .string("Q\(i / 3)"), "completion_A": .string("a\(i)"), "completion_B": "b", "label": "A"]
        }
        let split = SplitRule.byPrompt(testSize: 13, seed: 5)
        let data = try ComparisonDataset.load(.values(rows), split: split)
        func prompts(_ rows: [DataRow<LabeledComparison>]) -> Set<String> {
            Set(rows.map { $0.value.comparison.promptConversation[0].content })
        }
        #expect(data.test.count == 12 && data.train.count == 48)
        #expect(prompts(data.train).isDisjoint(with: prompts(data.test)))
        #expect(try ComparisonDataset.load(.values(rows), split: split).test.map(\.id) == data.test.map(\.id))
        let other = try ComparisonDataset.load(.values(rows), split: .byPrompt(testSize: 13, seed: 6))
        #expect(other.test.map(\.id) != data.test.map(\.id))
        for size in [-1, 60] {
            #expect(throws: CookbookError.self) {
                try ComparisonDataset.load(.values(rows), split: .byPrompt(testSize: size))
            }
        }
    }

    @Test("Two sources give the rows to train on and to test with, numbered apart")
    func twoSources() throws {
        let a = RowSource.values([["prompt": "Q", "completion": "R"]], name: "a")
        let b = RowSource.values([["prompt": "P", "completion": "R"], ["prompt": "P", "completion": ""]], name: "b")
        let data = try ConversationDataset.load(train: a, test: b)
        #expect(data.train.map(\.id) == [0] && data.test.map(\.id) == [1])
        #expect(data.report.sources == ["a", "b"] && data.report.read == 3 && data.report.dropped.count == 1)
    }
}

import Cookbook
import Tensors
import Testing
import TrainingAPI

@Suite struct DatumTests {
    let example = SupervisedExample(tokens: [10, 11, 12, 13, 14, 15], weights: [0, 0, 0, 1, 1, 1])

    @Test("A datum reads all tokens but the last and predicts all but the first")
    func shift() throws {
        let datum = try datum(from: example, maxLength: nil, reduction: .none)
        #expect(datum.modelInput.tokens == [10, 11, 12, 13, 14])
        #expect(datum.lossFnInputs["target_tokens"]?.ints == [11, 12, 13, 14, 15])
        #expect(datum.lossFnInputs["weights"]?.floats == [0, 0, 1, 1, 1])
        #expect(datum.lossFnInputs.count == 2)
    }

    /// Specification, section 10.2: the mean reduction of role_colon's small case.
    @Test("Mean reduction divides the weights by their sum")
    func mean() throws {
        let renderer = RoleColonRenderer(tokenizer: FakeTokenizer.qwen)
        let messages: [Message] = [.user("What is 2+2?"), .assistant("4")]
        let datum = try datum(
            fromConversation: messages, renderer: renderer, maxLength: nil, trainOnWhat: .lastAssistantMessage)
        let ids = [1474, 25, 3555, 374, 220, 17, 10, 17, 1939, 71703, 25, 220, 19, 271, 1474, 25]
        #expect(datum.modelInput.tokens == Array(ids.dropLast()))
        #expect(datum.lossFnInputs["target_tokens"]?.ints == Array(ids.dropFirst()))
        #expect(
            datum.lossFnInputs["weights"]?.floats == Array(repeating: 0, count: 10) + Array(repeating: 0.2, count: 5))
    }

    @Test("Truncation keeps the left, and refuses an example whose trained tokens are all cut off")
    func truncation() throws {
        let cut = try datum(from: example, maxLength: 5, reduction: .mean)
        #expect(cut.modelInput.tokens == [10, 11, 12, 13])
        #expect(cut.lossFnInputs["weights"]?.floats == [0, 0, 0.5, 0.5])
        let error = #expect(throws: CookbookError.self) { try datum(from: example, maxLength: 3, reduction: .mean) }
        #expect(error?.description == "none of the first 3 tokens is trained: the example has 6")
        #expect(throws: CookbookError.self) { try datum(from: example, maxLength: 1, reduction: .mean) }
        #expect(throws: CookbookError.self) {
            try datum(from: SupervisedExample(tokens: [1, 2], weights: [1, 0]), maxLength: nil, reduction: .none)
        }
    }
}

import Cookbook
import Tensors
import Testing
import Tokenizers
import TrainingAPI

@Suite struct ComparisonTests {
    let comparison = Comparison(
        promptConversation: [.user("Q?")], completionA: [.assistant("good")], completionB: [.assistant("bad")])

    @Test("role_colon writes a comparison as the reference does")
    func roleColonText() throws {
        let judge = try ComparisonRenderer(RoleColonRenderer(tokenizer: FakeTokenizer.qwen))
        let prompt = try judge.buildGenerationPrompt(comparison)
        #expect(
            FakeTokenizer.qwen.decode(prompt.tokens)
                == "User: Q?\n\nSystem: ==== Completion A ====\n\nAssistant: good\n\nSystem: ==== Completion B ====\n\n"
                + "Assistant: bad\n\nSystem: ==== Preference ====\n\nAssistant:")
        // Ids of " A", " B" and " Tie" in Qwen's vocabulary (specification, section 10.2).
        #expect(judge.labelTokens == [.a: 362, .b: 425, .tie: 58725])
    }

    @Test("A ChatML judge's labels are the letters, and the first letter of Tie")
    func chatMLLabels() throws {
        let renderer = try Renderers.named("chatml", tokenizer: FakeTokenizer.qwen)
        #expect(try ComparisonRenderer(renderer).labelTokens == [.a: 32, .b: 33, .tie: 51])
    }

    @Test("An example is the prompt and exactly one trained label token")
    func oneLabelToken() throws {
        for name in ["role_colon", "chatml"] {
            let judge = try ComparisonRenderer(Renderers.named(name, tokenizer: FakeTokenizer.qwen))
            for label in PreferenceLabel.allCases {
                let example = try judge.buildSupervisedExample(LabeledComparison(comparison: comparison, label: label))
                let prompt = try judge.buildGenerationPrompt(comparison).tokens
                #expect(example.tokens == prompt + [try #require(judge.labelTokens[label])])
                #expect(example.weights == prompt.map { _ in 0 } + [1])
            }
        }
    }

    @Test("Swapping exchanges replies and label, twice gives the same again")
    func swapping() {
        let labeled = LabeledComparison(comparison: comparison, label: .a)
        #expect(labeled.swapped.label == .b)
        #expect(labeled.swapped.comparison.completionA == comparison.completionB)
        #expect(labeled.swapped.swapped == labeled)
        #expect(labeled.swapped.chosen == labeled.chosen)
        #expect(labeled.swapped.rejected == labeled.rejected)
        let tie = LabeledComparison(comparison: comparison, label: .tie)
        #expect(tie.swapped.label == .tie)
        #expect(tie.chosen == nil && tie.rejected == nil)
    }

    @Test("The order of a row depends on seed, epoch and row alone, and both orders are as frequent")
    func randomOrder() {
        let labeled = LabeledComparison(comparison: comparison, label: .a)
        let orders = (0..<1000).map { labeled.inRandomOrder(seed: 7, epoch: 2, row: $0).label }
        #expect(orders[417] == labeled.inRandomOrder(seed: 7, epoch: 2, row: 417).label)
        #expect((430...570).contains(orders.filter { $0 == .a }.count))
        #expect(orders != (0..<1000).map { labeled.inRandomOrder(seed: 7, epoch: 3, row: $0).label })
    }

    @Test("A renderer whose labels begin alike is refused: its judge would learn nothing")
    func refusesThinking() {
        #expect(throws: CookbookError.self) {
            try ComparisonRenderer(ThinkingRenderer(tokenizer: FakeTokenizer.smolLM2))
        }
        #expect(throws: CookbookError.self) {
            try ReplyScoreRenderer(ThinkingRenderer(tokenizer: FakeTokenizer.smolLM2))
        }
    }

    @Test("A comparison that does not fit is refused: its label would be cut off")
    func tooLong() throws {
        let judge = try ComparisonRenderer(Renderers.named("chatml", tokenizer: FakeTokenizer.qwen))
        let labeled = LabeledComparison(comparison: comparison, label: .b)
        let length = try judge.buildSupervisedExample(labeled).tokens.count
        #expect(try judge.datum(labeled, maxLength: length).lossFnInputs["weights"]?.floats.last == 1)
        let error = #expect(throws: CookbookError.self) { try judge.datum(labeled, maxLength: length - 1) }
        #expect(error?.description == "a comparison has \(length) tokens, more than the \(length - 1) allowed")
    }

    @Test("A reply's score asks for A and B after its marker, as two targets at one position or as two datums")
    func replyScore() throws {
        let scorer = try ReplyScoreRenderer(Renderers.named("chatml", tokenizer: FakeTokenizer.smolLM2))
        let conversation: [Message] = [.user("Q?"), .assistant("good")]
        let prompt = try scorer.buildPrompt(conversation)
        #expect(
            FakeTokenizer.smolLM2.decode(prompt.tokens)
                == "<|im_start|>user\nQ?<|im_end|>\n<|im_start|>assistant\ngood<|im_end|>\n"
                + "<|im_start|>system\n==== Preference ====<|im_end|>\n<|im_start|>assistant\n")
        #expect(scorer.candidates == [1_000_065, 1_000_066])
        let datum = try scorer.datum(conversation, maxLength: nil)
        #expect(datum.modelInput == prompt)
        #expect(datum.lossFnInputs["target_tokens"]?.shape == [prompt.length, 2])
        #expect(datum.lossFnInputs["target_tokens"]?.ints.suffix(2) == [1_000_065, 1_000_066])
        #expect(datum.lossFnInputs["weights"]?.floats.suffix(3) == [0, 1, 1])
        #expect(datum.lossFnInputs["weights"]?.floats.reduce(0, +) == 2)
        let pair = try scorer.datumPair(conversation, maxLength: nil)
        #expect(pair.map { $0.lossFnInputs["target_tokens"]?.ints.last } == [1_000_065, 1_000_066])
        #expect(pair.allSatisfy { $0.modelInput == prompt && $0.lossFnInputs["weights"]?.floats.reduce(0, +) == 1 })
        #expect(throws: CookbookError.self) { try scorer.datum(conversation, maxLength: prompt.length) }
    }
}

/// Opens every reply with the same thinking block, as the formats of thinking models do.
private struct ThinkingRenderer: FramedRenderer {
    let name = "thinking"
    let tokenizer: any Tokenizer
    var stopCondition: StopCondition { .tokens([2]) }
    var generationHeader: [Int] { [1] }

    func frame(_ message: Message) -> MessageFrame {
        let block = message.role == "assistant" ? "<think>\n\n</think>" : ""
        return MessageFrame(header: [1], output: tokenizer.encode(block + message.content) + [2])
    }

    func parseResponse(_ tokens: [Int]) -> ParsedResponse {
        ParsedResponse(message: .assistant(tokenizer.decode(tokens)), termination: .malformed)
    }
}

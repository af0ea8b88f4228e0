import Tensors
import Testing
import TrainingAPI

@Suite("Validation of datums")
struct LossValidationTests {
    private func error(
        _ loss: LossFunction = .crossEntropy, vocabularySize: Int? = 10, contextLength: Int? = nil,
        _ change: (inout Datum) -> Void
    ) -> TrainingError? {
        let good =
            loss == .crossEntropy
            ? supervisedDatum([0, 1, 1]) : policyDatum(sampled: [-1, -1, -1], advantages: [0, 1, 1])
        var bad = good
        change(&bad)
        do {
            try loss.validate([good, bad], vocabularySize: vocabularySize, contextLength: contextLength)
            return nil
        } catch { return error }
    }

    @Test("A complete datum passes")
    func complete() throws {
        #expect(error { _ in } == nil)
        #expect(error(.importanceSampling) { _ in } == nil)
        // Scripts write plain numbers: whole float tokens and integer weights are fine.
        #expect(error { $0.lossFnInputs["target_tokens"] = Tensor([1, 2, 3] as [Float]) } == nil)
        #expect(error { $0.lossFnInputs["weights"] = Tensor([0, 1, 1]) } == nil)
    }

    @Test("Missing and unknown inputs are named with their datum")
    func names() {
        #expect(
            error { $0.lossFnInputs["weights"] = nil } == .missingLossInput("weights", loss: "cross_entropy", datum: 1))
        #expect(
            error { $0.lossFnInputs["target_tokens"] = nil }
                == .missingLossInput("target_tokens", loss: "cross_entropy", datum: 1))
        let unknown = error(.importanceSampling) { $0.lossFnInputs["mask"] = Tensor([1, 1, 1]) }
        #expect(
            unknown
                == .unknownLossInput(
                    "mask", loss: "importance_sampling", datum: 1, known: ["target_tokens", "logprobs", "advantages"]))
        #expect(unknown?.description == "datum 2: loss 'importance_sampling' has no input 'mask'")
    }

    @Test("Shapes must agree with the input's length and with each other")
    func shapes() {
        #expect(
            error { $0.modelInput.tokens.append(1) }
                == .shapeMismatch(name: "target_tokens", expected: [4], got: [3], datum: 1))
        #expect(
            error { $0.lossFnInputs["weights"] = Tensor([1, 1]) }
                == .shapeMismatch(name: "weights", expected: [3], got: [2], datum: 1))
        #expect(
            error { $0.lossFnInputs["target_tokens"] = Tensor([1, 1, 1], shape: [3, 1, 1]) }
                == .shapeMismatch(name: "target_tokens", expected: [3], got: [3, 1, 1], datum: 1))
        #expect(
            error { $0.lossFnInputs["target_tokens"] = Tensor([1, 1, 1, 1, 1, 1], shape: [3, 2]) }
                == .shapeMismatch(name: "weights", expected: [3, 2], got: [3], datum: 1))
    }

    @Test("Token ids outside of the vocabulary and fractions are refused")
    func tokens() {
        let outside = error { $0.lossFnInputs["target_tokens"] = Tensor([1, 10, 1]) }
        #expect(
            outside == .invalidToken("10", name: "target_tokens", datum: 1, position: 1, vocabularySize: 10))
        #expect(
            outside?.description
                == "datum 2: 'target_tokens' has 10 at position 2, which is no token id of the 10 in the vocabulary")
        #expect(
            error(vocabularySize: nil) { $0.lossFnInputs["target_tokens"] = Tensor([1, 1, -1]) }
                == .invalidToken("-1", name: "target_tokens", datum: 1, position: 2, vocabularySize: nil))
        #expect(
            error { $0.lossFnInputs["target_tokens"] = Tensor([1, 1.5, .nan] as [Float]) }
                == .invalidToken("1.5", name: "target_tokens", datum: 1, position: 1, vocabularySize: 10))
        #expect(
            error { $0.modelInput.tokens[0] = 10 }
                == .invalidToken("10", name: "model_input", datum: 1, position: 0, vocabularySize: 10))
    }

    @Test("NaN and infinity are refused with their place")
    func notFinite() {
        #expect(
            error { $0.lossFnInputs["weights"] = Tensor([1, .nan, 1] as [Float]) }
                == .notFiniteInput(name: "weights", datum: 1, position: 1))
        #expect(
            error(.importanceSampling) { $0.lossFnInputs["logprobs"] = Tensor([-.infinity, 0, 0] as [Float]) }
                == .notFiniteInput(name: "logprobs", datum: 1, position: 0))
    }

    @Test("Empty and overlong input is refused")
    func lengths() throws {
        #expect(throws: TrainingError.emptyInput("the list of datums")) { try LossFunction.crossEntropy.validate([]) }
        #expect(error { $0.modelInput.tokens = [] } == .emptyInput("datum 2: model_input"))
        #expect(
            error(contextLength: 3) { $0.modelInput.tokens = [1, 1, 1, 1] } == .contextExceeded(length: 4, limit: 3))
    }
}

@Suite("Custom losses")
struct CustomLossTests {
    @Test("A loss over two datums gives the gradient of each, with its metrics")
    func bradleyTerry() async throws {
        // Cookbook specification, section 10.3: scores -10 and -12.5, loss 0.078890.
        let logprobs = [Tensor([-4, -6] as [Float]), Tensor([-12.5] as [Float])]
        let result = try await CustomLossResult.differentiating(logprobs: logprobs) { values in
            let margin = try values[0].sum() - values[1].sum()
            return (-margin.logsigmoid(), ["margin": try margin.item()])
        }
        #expect(abs(result.loss - 0.078890) < 1e-6)
        #expect(result.metrics == ["margin": 2.5])
        #expect(result.gradients.map(\.shape) == [[2], [1]])
        #expect(abs(result.gradients[0].floats[1] + 0.0758582) < 1e-6)
        #expect(abs(result.gradients[1].floats[0] - 0.0758582) < 1e-6)
    }

    @Test("Losses without gradient, of many elements or that are not finite are refused")
    func refusals() async throws {
        let logprobs = [Tensor([-1, -2] as [Float])]
        await #expect(throws: TrainingError.self) {
            try await CustomLossResult.differentiating(logprobs: logprobs) { ($0[0], [:]) }
        }
        await #expect(throws: TrainingError.self) {
            try await CustomLossResult.differentiating(logprobs: logprobs) { (try $0[0].detached().sum(), [:]) }
        }
        await #expect(throws: TrainingError.notFinite("the custom loss")) {
            try await CustomLossResult.differentiating(logprobs: logprobs) { (try $0[0].log().sum(), [:]) }
        }
        await #expect(throws: TrainingError.notFinite("datum 1: the gradient of the custom loss")) {
            try await CustomLossResult.differentiating(logprobs: logprobs) { (try ($0[0] + 1).sqrt()[0], [:]) }
        }
    }
}

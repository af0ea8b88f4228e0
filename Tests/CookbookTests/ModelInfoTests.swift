import Cookbook
import Testing
import TrainingAPI

@Suite struct ModelInfoTests {
    @Test(
        "The renderer of a model is found by family and suffix",
        arguments: [
            ("HuggingFaceTB/SmolLM2-135M-Instruct", "chatml"), ("models/SmolLM2-135M-Instruct.Q4_1.gguf", "chatml"),
            ("SmolLM2-360M", "role_colon"), ("meta-llama/Llama-3.2-1B", "role_colon"),
            ("meta-llama/Llama-3.1-8B-Instruct", "llama3"), ("Qwen/Qwen3-8B-Base", "role_colon"),
            ("Qwen/Qwen3.5-9B-Base", "role_colon"), ("Qwen/Qwen3-4B-Instruct-2507", "qwen3_instruct"),
            ("Qwen/Qwen3-4B-Instruct-2507:latest", "qwen3_instruct"), ("Qwen/Qwen2.5-0.5B-Instruct", "chatml"),
        ])
    func recommended(model: String, renderer: String) throws {
        #expect(try Renderers.recommendedName(model: model) == renderer)
    }

    @Test("A model whose format is not here, or of no known family, is refused with a way out")
    func refused() {
        let thinking = #expect(throws: CookbookError.self) { try Renderers.recommendedName(model: "Qwen/Qwen3-0.6B") }
        #expect(thinking?.description.contains("qwen3_disable_thinking") == true)
        let typo = #expect(throws: CookbookError.self) { try Renderers.recommendedName(model: "SmoLM2-135M-Instruct") }
        #expect(typo?.hint?.contains("smollm2-135m-instruct") == true)
        #expect(typo?.kind == .model)
    }

    @Test("Choosing another renderer than the recommended one is worth a warning")
    func warning() {
        #expect(Renderers.warning(renderer: "smollm2", model: "SmolLM2-135M-Instruct") == nil)
        #expect(Renderers.warning(renderer: "llama3", model: "SmolLM2-135M-Instruct") != nil)
        #expect(Renderers.warning(renderer: "llama3", model: "my-own-model") == nil)
    }

    /// Specification, section 7.5.
    @Test(
        "Learning rates agree with the reference's table",
        arguments: [
            ("meta-llama/Llama-3.2-1B", 4.908e-4), ("meta-llama/Llama-3.1-8B", 2.856e-4),
            ("meta-llama/Llama-3.1-70B", 1.662e-4),
            ("Qwen/Qwen3-4B", 4.905e-4), ("Qwen/Qwen3-8B", 4.729791e-4), ("Qwen/Qwen3-30B-A3B", 4.991e-4),
            ("Qwen/Qwen3-32B", 4.649e-4),
        ])
    func learningRates(model: String, expected: Double) throws {
        #expect(abs(try Hyperparameters.getLR(model) / expected - 1) < 2e-4)
        #expect(abs(try Hyperparameters.getLR(model, isLora: false) * 10 / expected - 1) < 2e-4)
    }

    @Test("The hidden size can be given where the name does not tell it")
    func hiddenSize() throws {
        #expect(throws: CookbookError.self) { try Hyperparameters.getLR("Qwen/Qwen9-1T") }
        #expect(try Hyperparameters.getLR("Qwen/Qwen9-1T", hiddenSize: 2000) == 5e-4)
        #expect(throws: CookbookError.self) { try Hyperparameters.getLR("other/model-8B") }
        #expect(throws: CookbookError.self) { try Hyperparameters.getLR("Qwen/Qwen3-8B", hiddenSize: 0) }
    }

    /// Specification, section 7.5: per rank, for mlp, attention and unembedding.
    @Test(
        "LoRA parameter counts agree with the reference's table",
        arguments: [
            ("Qwen/Qwen3-8B", 1_769_472, 958_464, 156_032), ("meta-llama/Llama-3.1-8B", 1_769_472, 851_968, 132_352),
        ])
    func loraParameters(model: String, mlp: Int, attention: Int, unembed: Int) throws {
        let count = Hyperparameters.getLoraParamCount
        #expect(try count(model, 32, true, true, true) == 32 * (mlp + attention + unembed))
        #expect(try count(model, 1, true, false, false) == mlp)
        #expect(try count(model, 1, false, true, false) == attention)
    }
}

import TrainingAPI

/// What is known of models by their names.
public enum ModelInfo {
    /// The renderers that fit a model, the preferred one first. Found by family and suffix, so that a new size of a known family
    /// needs no entry of its own; accepts `org/name`, `org/name:suffix` and paths of model files. Throws `CookbookError.model`.
    public static func recommendedRenderers(model: String) throws(CookbookError) -> [String] {
        let name = baseName(model)
        for family in families where family.matches(name) {
            return isBaseModel(name, family: family) ? ["role_colon"] : family.renderers
        }
        let near = NearMatches.of(name, among: examples)
        throw .model(
            "no renderer is recommended for model '\(model)'",
            hint: (near.isEmpty ? "" : "did you mean \(near.joined(separator: " or "))? Else ")
                + "pass renderer_name: \"chatml\" for a chat model with <|im_start|>, \"role_colon\" for a base model"
        )
    }

    /// A model family: the words its names contain, and what its chat models are written with.
    private struct Family {
        var words: [String]
        var renderers: [String]
        /// Whether names without `instruct` or `chat` mean base models.
        var plainNameIsBase = false

        func matches(_ name: String) -> Bool { words.allSatisfy { name.contains($0) } }
    }

    /// The first that matches counts, so the narrower ones come first (specification: section 1.9 of the cookbook's description).
    private static let families = [
        Family(words: ["smollm"], renderers: ["chatml", "smollm2"], plainNameIsBase: true),
        Family(words: ["llama-3"], renderers: ["llama3"], plainNameIsBase: true),
        Family(words: ["qwen3-vl", "instruct"], renderers: ["qwen3_vl_instruct"]),
        Family(words: ["qwen3-vl"], renderers: ["qwen3_vl"]),
        Family(
            words: ["qwen3.8"],
            renderers: [
                "qwen3_8_xhigh_reasoning", "qwen3_8_disable_thinking", "qwen3_8_medium_reasoning",
                "qwen3_8_low_reasoning",
            ]),
        Family(words: ["qwen3.5"], renderers: ["qwen3_5", "qwen3_5_disable_thinking"]),
        Family(words: ["qwen3.6"], renderers: ["qwen3_5", "qwen3_5_disable_thinking"]),
        Family(words: ["qwen3", "instruct"], renderers: ["qwen3_instruct"]),
        Family(words: ["qwen3"], renderers: ["qwen3", "qwen3_disable_thinking"]),
        Family(words: ["qwen2"], renderers: ["chatml"], plainNameIsBase: true),
        Family(words: ["deepseek-v3"], renderers: ["deepseekv3", "deepseekv3_thinking"]),
        Family(words: ["gpt-oss"], renderers: ["gpt_oss_no_sysprompt", "gpt_oss_medium_reasoning"]),
        Family(
            words: ["kimi-k2.6"], renderers: ["kimi_k26", "kimi_k26_disable_thinking", "kimi_k26_preserve_thinking"]),
        Family(words: ["kimi-k2.5"], renderers: ["kimi_k25", "kimi_k25_disable_thinking"]),
        Family(words: ["kimi-k2"], renderers: ["kimi_k2"]),
        Family(words: ["nemotron-3", "ultra"], renderers: ["nemotron3_ultra", "nemotron3_ultra_disable_thinking"]),
        Family(words: ["nemotron-3"], renderers: ["nemotron3", "nemotron3_disable_thinking"]),
        Family(words: ["inkling"], renderers: ["tml_v0"]),
    ]

    private static let examples = [
        "smollm2-135m-instruct", "llama-3.1-8b", "llama-3.1-8b-instruct", "llama-3.2-1b", "qwen2.5-0.5b-instruct",
        "qwen3-8b", "qwen3-8b-base", "qwen3-4b-instruct-2507", "qwen3.5-9b", "qwen3.5-9b-base", "deepseek-v3.1",
        "gpt-oss-20b", "kimi-k2-thinking", "nemotron-3-nano",
    ]

    private static func isBaseModel(_ name: String, family: Family) -> Bool {
        if name.hasSuffix("-base") || name.contains("-base.") || name.contains("-base-") { return true }
        return family.plainNameIsBase && !name.contains("instruct") && !name.contains("chat")
    }

    /// The name without the organisation or folder and without what follows a colon, in lower case.
    static func baseName(_ model: String) -> String {
        let last = model.split(separator: "/").last.map(String.init) ?? model
        return (last.split(separator: ":").first.map(String.init) ?? last).lowercased()
    }
}

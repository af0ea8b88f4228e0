import Foundation

/// Rules of thumb for settings, by model (specification: section 7.5 of the cookbook's description).
public enum Hyperparameters {
    /// How much higher the learning rate of LoRA may be than that of full fine-tuning.
    public static let loraOverFullFineTuning = 10.0

    /// A learning rate to start from: `5e-5 · (10 with LoRA) · (2000 / hidden size)^p`, where p depends on the family. The rank
    /// does not enter. `hiddenSize` is needed for models whose size is not known by name. Throws `CookbookError.model`.
    public static func getLR(_ model: String, isLora: Bool = true, hiddenSize: Int? = nil) throws(CookbookError)
        -> Double
    {
        let name = ModelInfo.baseName(model)
        guard let family = exponents.first(where: { name.contains($0.word) }) else {
            throw .model(
                "no learning rate is known for model '\(model)'",
                hint: "rules exist for models named " + exponents.map(\.word).joined(separator: ", ")
                    + "; pass learning_rate yourself")
        }
        guard let hidden = hiddenSize ?? knownHiddenSize(name) else {
            throw .model(
                "the hidden size of model '\(model)' is not known",
                hint: "pass hidden_size (it stands in the model's config), or learning_rate itself")
        }
        guard hidden > 0 else { throw .usage("hidden_size must be positive, not \(hidden)") }
        return 5e-5 * (isLora ? loraOverFullFineTuning : 1) * pow(2000 / Double(hidden), family.exponent)
    }

    /// The number of parameters of a LoRA adapter: for each adapted matrix `rank · (inputs + outputs)`. Throws
    /// `CookbookError.model` for a model whose shape is not known.
    public static func getLoraParamCount(
        _ model: String, rank: Int, trainMlp: Bool = true, trainAttn: Bool = true, trainUnembed: Bool = true
    ) throws(CookbookError) -> Int {
        let name = ModelInfo.baseName(model)
        guard let shape = shapes.first(where: { name.hasPrefix($0.name) })?.shape else {
            throw .model(
                "the shape of model '\(model)' is not known",
                hint: "known shapes: " + shapes.map(\.name).joined(separator: ", "))
        }
        return rank
            * ((trainMlp ? shape.mlpPerRank : 0) + (trainAttn ? shape.attentionPerRank : 0)
                + (trainUnembed ? shape.unembedPerRank : 0))
    }

    /// SmolLM2 has Llama's layers, but Llama's steep exponent, extrapolated from 2048 down to 576, gives 1.3e-3, above what trains
    /// it well; the flat one gives 5.5e-4.
    private static let exponents: [(word: String, exponent: Double)] = [
        ("llama", 0.781), ("qwen", 0.0775), ("smollm", 0.0775),
    ]

    /// Longer words first, because `235b` contains `35b` and `5b`.
    private static let hiddenSizes: [(size: String, hidden: Int)] = [
        ("135m", 576), ("360m", 960), ("1.7b", 2048), ("30b-a3b", 2048), ("35b-a3b", 2048), ("235b", 4096),
        ("397b", 4096), ("70b", 8192), ("27b", 5120), ("32b", 5120), ("0.6b", 1024), ("1b", 2048), ("3b", 3072),
        ("4b", 2560), ("8b", 4096), ("9b", 4096),
    ]

    private static func knownHiddenSize(_ name: String) -> Int? {
        hiddenSizes.first { name.contains("-" + $0.size) }?.hidden
    }

    private struct Shape {
        var layers: Int
        var hidden: Int
        var intermediate: Int
        /// The outputs of the query projection, and of the key and value projections.
        var query: Int
        var keyValue: Int
        var vocabulary: Int

        var mlpPerRank: Int { layers * 3 * (hidden + intermediate) }
        var attentionPerRank: Int { layers * 2 * ((hidden + query) + (hidden + keyValue)) }
        var unembedPerRank: Int { hidden + vocabulary }
    }

    private static let shapes: [(name: String, shape: Shape)] = [
        (
            "smollm2-135m",
            Shape(layers: 30, hidden: 576, intermediate: 1536, query: 576, keyValue: 192, vocabulary: 49152)
        ),
        (
            "qwen3-8b",
            Shape(layers: 36, hidden: 4096, intermediate: 12288, query: 4096, keyValue: 1024, vocabulary: 151_936)
        ),
        (
            "llama-3.1-8b",
            Shape(layers: 32, hidden: 4096, intermediate: 14336, query: 4096, keyValue: 1024, vocabulary: 128_256)
        ),
    ]
}

/// A named loss with its settings. All losses are sums over targets, never means, and functions of the targets' logprobs; the
/// formulas are in `LossFunction+Evaluate.swift`.
public struct LossFunction: Sendable, Equatable {
    /// The losses by name.
    public enum Name: String, Sendable, CaseIterable {
        case crossEntropy = "cross_entropy"
        case importanceSampling = "importance_sampling"
        case ppo
        case cispo
        case dro
    }

    /// Which loss this is.
    public let name: Name
    /// Settings with their defaults filled in.
    public let config: [String: Double]

    /// A loss by name. Throws `unknownLoss`, or `usage` for a setting that it does not have.
    public init(named name: String, config: [String: Double] = [:]) throws(TrainingError) {
        guard let known = Name(rawValue: name) else {
            throw .unknownLoss(name, known: Name.allCases.map(\.rawValue))
        }
        for key in config.keys.sorted() where known.defaultConfig[key] == nil {
            let keys = known.defaultConfig.keys.sorted()
            throw .usage(
                "loss '\(name)' has no setting '\(key)'",
                hint: keys.isEmpty ? "it has no settings" : "it has " + keys.joined(separator: ", "))
        }
        self.name = known
        self.config = known.defaultConfig.merging(config) { $1 }
    }

    /// Weighted negative log-likelihood.
    public static let crossEntropy = LossFunction(.crossEntropy)
    /// The policy gradient with importance weights.
    public static let importanceSampling = LossFunction(.importanceSampling)

    private init(_ name: Name) {
        self.name = name
        config = name.defaultConfig
    }
}

extension LossFunction.Name {
    /// Settings and their defaults (specification: section 4.6 of the cookbook's description).
    public var defaultConfig: [String: Double] {
        switch self {
        case .crossEntropy, .importanceSampling: [:]
        case .ppo: ["clip_low_threshold": 0.8, "clip_high_threshold": 1.2]
        case .cispo: ["clip_low_threshold": 0, "clip_high_threshold": 4]
        case .dro: ["beta": 0.05]
        }
    }

    /// What a datum must carry besides `target_tokens`.
    public var requiredInputs: [String] {
        switch self {
        case .crossEntropy: ["weights"]
        case .importanceSampling, .ppo, .cispo, .dro: ["logprobs", "advantages"]
        }
    }
}

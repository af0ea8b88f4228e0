import Foundation
import JSON

/// A low-rank adapter in the layout of the PEFT library: a folder with `adapter_config.json` and `adapter_model.safetensors`.
public struct PEFTAdapter: Sendable, Equatable {
    /// A matrix product of the model that an adapter changes, by the name of the Hugging Face module.
    public enum Module: String, Sendable, CaseIterable, Comparable {
        case query = "q_proj"
        case key = "k_proj"
        case value = "v_proj"
        case output = "o_proj"
        case gate = "gate_proj"
        case up = "up_proj"
        case down = "down_proj"
        case unembedding = "lm_head"

        /// In the order of the computation.
        public static func < (left: Module, right: Module) -> Bool {
            (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
        }

        /// Where the module sits in the model, for instance `model.layers.0.self_attn.q_proj`.
        func path(layer: Int) -> String {
            switch self {
            case .query, .key, .value, .output: "model.layers.\(layer).self_attn.\(rawValue)"
            case .gate, .up, .down: "model.layers.\(layer).mlp.\(rawValue)"
            case .unembedding: rawValue
            }
        }
    }

    /// Which product of which layer; the unembedding has layer 0.
    public struct Place: Sendable, Hashable, Comparable {
        /// The layer, from 0.
        public var layer: Int
        /// The product.
        public var module: Module

        /// The product `module` of a layer.
        public init(layer: Int, module: Module) {
            self.layer = layer
            self.module = module
        }

        /// By layer, then in the order of the computation.
        public static func < (left: Place, right: Place) -> Bool {
            (left.layer, left.module) < (right.layer, right.module)
        }

        /// The name that PEFT gives a factor (`lora_A` or `lora_B`) of this place.
        func key(_ factor: String) -> String { "base_model.model.\(module.path(layer: layer)).\(factor).weight" }
    }

    /// The two factors of a weight's change, `B A · alpha / rank`.
    public struct Factors: Sendable, Equatable {
        /// `[rank, inputs]`, row after row.
        public var a: [Float]
        /// `[outputs, rank]`, row after row.
        public var b: [Float]
        /// The width of the product's input.
        public var inputs: Int
        /// The width of the product's output.
        public var outputs: Int

        /// Factors from their values, row after row.
        public init(a: [Float], b: [Float], inputs: Int, outputs: Int) {
            self.a = a
            self.b = b
            self.inputs = inputs
            self.outputs = outputs
        }
    }

    /// The name or path of the model that the adapter belongs to.
    public var baseModel: String
    /// The inner width of the factors.
    public var rank: Int
    /// The numerator of the change's scale.
    public var alpha: Double
    /// The factors by their place.
    public var factors: [Place: Factors]

    /// An adapter from its parts.
    public init(baseModel: String, rank: Int, alpha: Double, factors: [Place: Factors]) {
        self.baseModel = baseModel
        self.rank = rank
        self.alpha = alpha
        self.factors = factors
    }
}

extension PEFTAdapter {
    private static let configFile = "adapter_config.json"
    private static let weightsFile = "adapter_model.safetensors"

    /// Writes the adapter into a folder, which is made if needed. The configuration comes last: where it is, the weights are.
    public func write(to folder: String) throws(ModelFileError) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .io(file: folder, operation: "make the folder", reason: error.localizedDescription)
        }
        var writer = SafetensorsWriter(metadata: ["format": "pt"])
        for (place, factors) in factors.sorted(by: { $0.key < $1.key }) {
            writer.add(place.key("lora_A"), shape: [rank, factors.inputs], factors.a)
            writer.add(place.key("lora_B"), shape: [factors.outputs, rank], factors.b)
        }
        try writer.write(to: folder + "/" + Self.weightsFile)
        try FileContents.writeAtomically([Data((config.text + "\n").utf8)], to: folder + "/" + Self.configFile)
    }

    private var config: JSONValue {
        let modules = Set(factors.keys.map(\.module)).sorted().map { JSONValue.string($0.rawValue) }
        return [
            "base_model_name_or_path": .string(baseModel),
            "bias": .string("none"),
            "fan_in_fan_out": .bool(false),
            "inference_mode": .bool(true),
            "init_lora_weights": .bool(true),
            "lora_alpha": .number(Int(exactly: alpha).map { .init($0) } ?? .init(alpha)),
            "lora_dropout": .number(0.0),
            "modules_to_save": .null,
            "peft_type": .string("LORA"),
            "r": .number(.init(rank)),
            "target_modules": .array(modules),
            "task_type": .string("CAUSAL_LM"),
            "use_dora": .bool(false),
            "use_rslora": .bool(false),
        ]
    }
}

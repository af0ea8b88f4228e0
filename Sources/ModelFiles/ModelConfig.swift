/// The shape of a Llama-family transformer.
public struct ModelConfig: Sendable, Equatable {
    /// The model's own name, or its file's.
    public var name: String
    /// The number of transformer layers.
    public var layers: Int
    /// The width of the residual stream.
    public var width: Int
    /// The number of attention heads.
    public var heads: Int
    /// The number of key-value heads; each serves `heads / kvHeads` heads.
    public var kvHeads: Int
    /// The width of a head.
    public var headDimension: Int
    /// The width of the gated feed-forward layer.
    public var feedForward: Int
    /// The longest sequence in tokens.
    public var contextLength: Int
    /// The base of the rotary embedding's wavelengths; neighbouring values are rotated as pairs.
    public var ropeBase: Double
    /// What root-mean-square norms add to the mean square.
    public var rmsEpsilon: Double
    /// The number of tokens in the vocabulary.
    public var vocabularySize: Int
    /// Whether the output projection is the token embedding.
    public var tiedEmbeddings: Bool
    /// The Jinja template that the model's chats are written with, if the file has one.
    public var chatTemplate: String?
}

extension ModelConfig {
    /// The shape that a GGUF file describes. Every weight that the shape implies is checked to be in the file with that shape.
    public init(_ file: GGUFFile) throws(ModelFileError) {
        let architecture = try file.string("general.architecture")
        guard architecture == "llama" else {
            throw .unsupported(file: file.path, part: "the architecture", expected: "llama", found: "'\(architecture)'")
        }
        let embedding = try file.tensor("token_embd.weight")
        name = try file.optionalString("general.name") ?? file.path
        layers = try file.positive("llama.block_count", atMost: 1 << 12)
        width = try file.positive("llama.embedding_length")
        heads = try file.positive("llama.attention.head_count")
        kvHeads = try file.positive("llama.attention.head_count_kv", default: heads)
        headDimension = try file.positive("llama.attention.key_length", default: max(width / heads, 1))
        feedForward = try file.positive("llama.feed_forward_length")
        contextLength = try file.positive("llama.context_length")
        ropeBase = try file.optionalNumber("llama.rope.freq_base") ?? 10_000
        rmsEpsilon = try file.optionalNumber("llama.attention.layer_norm_rms_epsilon") ?? 1e-5
        vocabularySize = embedding.rows
        tiedEmbeddings = !file.hasTensor("output.weight")
        chatTemplate = try file.optionalString("tokenizer.chat_template")
        try checkNumbers(file)
        for (name, shape) in weightShapes { try file.check(name, shape) }
    }

    /// Every weight's name and dimensions, the fastest-running first.
    public var weightShapes: [(name: String, dimensions: [Int])] {
        let (query, keyValue) = (heads * headDimension, kvHeads * headDimension)
        var shapes: [(String, [Int])] = [
            ("token_embd.weight", [width, vocabularySize]), ("output_norm.weight", [width]),
        ]
        if !tiedEmbeddings { shapes.append(("output.weight", [width, vocabularySize])) }
        for layer in 0..<layers {
            shapes += [
                ("attn_norm", [width]), ("attn_q", [width, query]), ("attn_k", [width, keyValue]),
                ("attn_v", [width, keyValue]), ("attn_output", [query, width]), ("ffn_norm", [width]),
                ("ffn_gate", [width, feedForward]), ("ffn_up", [width, feedForward]),
                ("ffn_down", [feedForward, width]),
            ].map { ("blk.\(layer).\($0).weight", $1) }
        }
        return shapes
    }

    private func checkNumbers(_ file: GGUFFile) throws(ModelFileError) {
        guard heads % kvHeads == 0 else {
            throw .malformed(
                file: file.path, part: "the number of heads", expected: "a multiple of \(kvHeads) key-value heads",
                found: "\(heads)")
        }
        guard headDimension % 2 == 0 else {
            throw .malformed(file: file.path, part: "the width of a head", expected: "even", found: "\(headDimension)")
        }
        guard ropeBase.isFinite, ropeBase > 0, rmsEpsilon.isFinite, rmsEpsilon >= 0 else {
            throw .malformed(
                file: file.path, part: "rope base and norm epsilon", expected: "finite and positive",
                found: "\(ropeBase) and \(rmsEpsilon)")
        }
        let rotated = try file.optionalInteger("llama.rope.dimension_count") ?? headDimension
        guard rotated == headDimension else {
            throw .unsupported(
                file: file.path, part: "the rotated part of a head", expected: "the whole head (\(headDimension))",
                found: "\(rotated)")
        }
        let valueWidth = try file.optionalInteger("llama.attention.value_length") ?? headDimension
        guard valueWidth == headDimension else {
            throw .unsupported(
                file: file.path, part: "the width of values", expected: "that of keys (\(headDimension))",
                found: "\(valueWidth)")
        }
        let scaling = try file.optionalString("llama.rope.scaling.type") ?? "none"
        guard scaling == "none" else {
            throw .unsupported(
                file: file.path, part: "llama.rope.scaling.type", expected: "none", found: "'\(scaling)'")
        }
        let experts = try file.optionalInteger("llama.expert_count") ?? 0
        guard experts == 0 else {
            throw .unsupported(file: file.path, part: "llama.expert_count", expected: "0", found: "\(experts)")
        }
        // Weights that would change the result if they were left out.
        let names = Set(weightShapes.map(\.name))
        if let other = file.tensors.first(where: { !names.contains($0.name) }) {
            throw .unsupported(
                file: file.path, part: "a tensor", expected: "the weights of a Llama without biases",
                found: "'\(other.name)'")
        }
    }
}

extension GGUFFile {
    /// No size in a model comes near this; it keeps products of two sizes far from overflowing.
    private static var largestSize: Int { 1 << 24 }

    fileprivate func positive(
        _ key: String, default: Int? = nil, atMost limit: Int = largestSize
    ) throws(ModelFileError) -> Int {
        guard let value = try optionalInteger(key) ?? `default` else {
            throw .missing(file: path, part: "metadata '\(key)'")
        }
        guard (1...limit).contains(value) else {
            throw .malformed(file: path, part: "metadata '\(key)'", expected: "1 to \(limit)", found: "\(value)")
        }
        return value
    }

    fileprivate func check(_ name: String, _ dimensions: [Int]) throws(ModelFileError) {
        let found = try tensor(name).dimensions
        guard found == dimensions else {
            throw .malformed(
                file: path, part: "shape of tensor '\(name)'", expected: "\(dimensions)", found: "\(found)")
        }
    }
}

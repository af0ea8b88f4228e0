public import Foundation
import ModelFiles
import Tensors
import Tokenizers

/// A small random model of the Llama family with a real tokenizer: every byte is a token, a few pairs merge, and the chat
/// markers of the default model are there. Fast enough to train in a test.
public struct TinyModel {
    /// The number of layers.
    public var layers = 2
    /// The width of the residual stream; a multiple of twice the number of heads.
    public var width = 32
    /// The number of attention heads.
    public var heads = 4
    /// The number of key-value heads.
    public var kvHeads = 2
    /// The width of the feed-forward layer.
    public var feedForward = 64
    /// The longest sequence.
    public var contextLength = 256
    /// Whether the output projection is the token embedding.
    public var tiedEmbeddings = true
    /// The seed of the weights.
    public var seed = 1

    /// The control tokens; their ids come first.
    public static let specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    /// The id of `<|im_end|>`, which ends a text.
    public static let eosToken = 2

    private static let mergedPairs = [
        ("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), (" ", "t"), (" t", "he"), ("i", "n"), ("in", "g"),
    ]

    /// The default size.
    public init() {}

    /// Writes the model to a new temporary file and returns its path.
    public func write() throws -> String {
        let url = ScratchFolder.url.appending(path: "tiny-\(UUID().uuidString).gguf")
        try build().write(to: url)
        return url.path
    }

    /// The model as the bytes of a GGUF file.
    public func build() -> Data {
        var builder = builder()
        return builder.build()
    }

    /// The model before it is written, for tests that change it.
    public func builder() -> GGUFBuilder {
        var builder = GGUFBuilder()
        let tokens =
            Self.specialTokens + (0...UInt8.max).map { ByteAlphabet.text(of: [$0]) }
            + Self.mergedPairs.map { Self.text($0.0) + Self.text($0.1) }
        setMetadata(&builder, tokens)

        var random = SeededRandom(seed)
        func add(_ name: String, _ dimensions: [Int], scale: Float) {
            let count = dimensions.reduce(1, *)
            builder.add(name, dimensions, values: (0..<count).map { _ in Float(random.uniform() * 2 - 1) * scale })
        }
        func addNorm(_ name: String) {
            builder.add(name, [width], values: (0..<width).map { _ in 1 + Float(random.uniform() - 0.5) * 0.2 })
        }
        // Uniform weights of variance 1 / inputs keep the residual stream's size from layer to layer.
        let inner = (3 / Float(width)).squareRoot()
        let keyValue = width / heads * kvHeads
        add("token_embd.weight", [width, tokens.count], scale: 0.5)
        for layer in 0..<layers {
            let block = "blk.\(layer)."
            addNorm(block + "attn_norm.weight")
            add(block + "attn_q.weight", [width, width], scale: inner)
            add(block + "attn_k.weight", [width, keyValue], scale: inner)
            add(block + "attn_v.weight", [width, keyValue], scale: inner)
            add(block + "attn_output.weight", [width, width], scale: inner)
            addNorm(block + "ffn_norm.weight")
            add(block + "ffn_gate.weight", [width, feedForward], scale: inner)
            add(block + "ffn_up.weight", [width, feedForward], scale: inner)
            add(block + "ffn_down.weight", [feedForward, width], scale: (3 / Float(feedForward)).squareRoot())
        }
        addNorm("output_norm.weight")
        if !tiedEmbeddings { add("output.weight", [width, tokens.count], scale: inner) }
        return builder
    }

    private func setMetadata(_ builder: inout GGUFBuilder, _ tokens: [String]) {
        let numbers = [
            ("block_count", layers), ("embedding_length", width), ("attention.head_count", heads),
            ("attention.head_count_kv", kvHeads), ("feed_forward_length", feedForward),
            ("context_length", contextLength),
        ]
        builder.set("general.architecture", .string("llama"))
        builder.set("general.name", .string("tiny"))
        for (key, value) in numbers { builder.set("llama." + key, .integer(Int64(value))) }
        builder.set("llama.rope.freq_base", .number(10_000))
        builder.set("llama.attention.layer_norm_rms_epsilon", .number(1e-5))
        builder.set("tokenizer.ggml.model", .string("gpt2"))
        builder.set("tokenizer.ggml.pre", .string("smollm"))
        builder.set("tokenizer.ggml.tokens", .strings(tokens))
        builder.set(
            "tokenizer.ggml.token_type", .integers(tokens.indices.map { $0 < Self.specialTokens.count ? 3 : 1 }))
        builder.set(
            "tokenizer.ggml.merges", .strings(Self.mergedPairs.map { Self.text($0.0) + " " + Self.text($0.1) }))
        builder.set("tokenizer.ggml.bos_token_id", .integer(1))
        builder.set("tokenizer.ggml.eos_token_id", .integer(Int64(Self.eosToken)))
        builder.set("tokenizer.ggml.add_bos_token", .bool(false))
    }

    private static func text(_ plain: String) -> String { ByteAlphabet.text(of: plain.utf8) }
}

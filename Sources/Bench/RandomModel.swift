import Foundation
package import ModelFiles
import Tensors

/// A model file of a given shape with random weights and another model's tokenizer: as fast or slow as a real one of its size.
package struct RandomModel {
    /// The sizes of a transformer of the Llama family.
    package struct Shape: Sendable {
        package let name: String
        let layers: Int
        let width: Int
        let heads: Int
        let kvHeads: Int
        let headDimension: Int
        let feedForward: Int
        let vocabulary: Int

        /// A shape; widths are multiples of 32.
        package init(
            name: String, layers: Int, width: Int, heads: Int, kvHeads: Int, headDimension: Int, feedForward: Int,
            vocabulary: Int
        ) {
            (self.name, self.layers, self.width, self.heads, self.kvHeads) = (name, layers, width, heads, kvHeads)
            (self.headDimension, self.feedForward, self.vocabulary) = (headDimension, feedForward, vocabulary)
        }

        /// Weights in matrices; the output projection is the embedding.
        var weights: Int {
            let (query, keyValue) = (heads * headDimension, kvHeads * headDimension)
            return layers * (2 * width * query + 2 * width * keyValue + 3 * width * feedForward) + width * vocabulary
        }

        /// What an engine that packs bf16 weights for both directions needs, with room to work.
        var residentBytes: Int { weights * 4 + (2 << 30) }
        /// The file's size: 20 bytes for 32 weights.
        var fileBytes: Int { weights / 32 * 20 + (16 << 20) }
    }

    /// The shapes of SmolLM2 135M and 360M, Qwen3 0.6B and SmolLM2 1.7B.
    package static let shapes = [
        Shape(
            name: "135M", layers: 30, width: 576, heads: 9, kvHeads: 3, headDimension: 64, feedForward: 1536, vocabulary: 49152),
        Shape(
            name: "360M", layers: 32, width: 960, heads: 15, kvHeads: 5, headDimension: 64, feedForward: 2560, vocabulary: 49152),
        Shape(
            name: "0.6B", layers: 28, width: 1024, heads: 16, kvHeads: 8, headDimension: 128, feedForward: 3072,
            vocabulary: 151_936),
        Shape(
            name: "1.7B", layers: 24, width: 2048, heads: 32, kvHeads: 32, headDimension: 64, feedForward: 8192,
            vocabulary: 49152),
    ]

    private let file: URL
    /// The path of the model's file, which lives as long as this value is kept and `remove` is not called.
    package var path: String { file.path }

    /// Writes a model to a temporary folder, unless memory or disk are too small for it.
    package init(_ shape: Shape, tokenizerOf source: GGUFFile) throws {
        let folder = FileManager.default.temporaryDirectory
        let memory = ResidentMemory.available
        guard memory > shape.residentBytes else {
            throw BenchError.notEnough("memory", needed: shape.residentBytes, available: memory)
        }
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: folder.path)
        let free = (attributes[.systemFreeSize] as? NSNumber)?.intValue ?? 0
        guard free > shape.fileBytes else {
            throw BenchError.notEnough("disk in \(folder.path)", needed: shape.fileBytes, available: free)
        }
        file = folder.appending(path: "bench-\(shape.name)-\(UUID().uuidString).gguf")
        do {
            try Self.write(shape, tokenizerOf: source, to: file)
        } catch {
            remove()
            throw error
        }
    }

    /// Deletes the file.
    package func remove() {
        // A file that is gone already is as good.
        try? FileManager.default.removeItem(at: file)
    }

    private static func write(_ shape: Shape, tokenizerOf source: GGUFFile, to file: URL) throws {
        var writer = GGUFWriter()
        writer.set("general.architecture", .string("llama"))
        writer.set("general.name", .string("random \(shape.name)"))
        let numbers = [
            ("block_count", shape.layers), ("embedding_length", shape.width), ("attention.head_count", shape.heads),
            ("attention.head_count_kv", shape.kvHeads), ("attention.key_length", shape.headDimension),
            ("attention.value_length", shape.headDimension), ("feed_forward_length", shape.feedForward), ("context_length", 2048),
        ]
        for (key, value) in numbers { writer.set("llama." + key, .integer(Int64(value))) }
        for (key, value) in source.metadata.sorted(by: { $0.key < $1.key }) where key.hasPrefix("tokenizer.ggml.") {
            writer.set(key, value)
        }
        let (query, keyValue) = (shape.heads * shape.headDimension, shape.kvHeads * shape.headDimension)
        writer.add("token_embd.weight", .q4_1, [shape.width, shape.vocabulary])
        writer.add("output_norm.weight", .f32, [shape.width])
        for layer in 0..<shape.layers {
            for (name, type, dimensions) in [
                ("attn_norm", GGUFTensorType.f32, [shape.width]), ("attn_q", .q4_1, [shape.width, query]),
                ("attn_k", .q4_1, [shape.width, keyValue]), ("attn_v", .q4_1, [shape.width, keyValue]),
                ("attn_output", .q4_1, [query, shape.width]), ("ffn_norm", .f32, [shape.width]),
                ("ffn_gate", .q4_1, [shape.width, shape.feedForward]), ("ffn_up", .q4_1, [shape.width, shape.feedForward]),
                ("ffn_down", .q4_1, [shape.feedForward, shape.width]),
            ] {
                writer.add("blk.\(layer).\(name).weight", type, dimensions)
            }
        }
        let norm = little(Float(1).bitPattern)
        let blocks = randomBlocks()
        try writer.write(to: file) { type in type == .f32 ? norm : blocks }
    }

    /// A megabyte of Q4_1 blocks: scale, minimum and 32 numbers of four bits, giving weights between -0.03 and 0.03. Tensors repeat
    /// it, which no kernel can profit from.
    private static func randomBlocks() -> Data {
        var random = SeededRandom(1)
        let scale: UInt16 = 0x1C19  // 0.004 as float16
        let minimum: UInt16 = 0xA7AE  // -0.03
        return (0..<52_429).reduce(into: Data()) { data, _ in
            data += little(scale) + little(minimum) + little(random.next()) + little(random.next())
        }
    }
}

import Foundation
package import ModelFiles
package import Tokenizers

/// The frozen weights of a model, shared by every client.
package final class BaseModel: Sendable {
    struct Layer: Sendable {
        let attentionNorm: FloatBuffer
        /// The joined query, key and value projections.
        let qkv: FrozenMatrix
        let attentionOutput: FrozenMatrix
        let mlpNorm: FloatBuffer
        /// The joined gate and up projections.
        let gateUp: FrozenMatrix
        let down: FrozenMatrix
    }

    package let name: String
    let shape: TransformerShape
    package let tokenizer: any Tokenizer
    /// The output projection, unless the model has a table of its own.
    let embedding: FrozenMatrix
    let layers: [Layer]
    let finalNorm: FloatBuffer
    let head: FrozenMatrix
    /// cos and sin by position and pair: `[contextLength, headSize / 2, 2]`
    let ropeTable: FloatBuffer

    /// Reads, dequantises and packs a model; `progress` is told the done and total layers.
    package init(
        name: String, file: GGUFFile, precision: WeightPrecision = .bfloat16, threads: Int,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws {
        let pool = try ThreadPool(threads: threads)
        let shape = TransformerShape(try ModelConfig(file))
        func matrix(_ names: String...) throws -> FrozenMatrix {
            try FrozenMatrix(file, names, precision: precision, pool: pool)
        }
        self.name = name
        self.shape = shape
        tokenizer = try file.tokenizer()
        embedding = try matrix("token_embd.weight")
        layers = try (0..<shape.layers).map { index in
            progress(index, shape.layers)
            let block = "blk.\(index)."
            return Layer(
                attentionNorm: FloatBuffer(try file.floats(block + "attn_norm.weight")),
                qkv: try matrix(block + "attn_q.weight", block + "attn_k.weight", block + "attn_v.weight"),
                attentionOutput: try matrix(block + "attn_output.weight"),
                mlpNorm: FloatBuffer(try file.floats(block + "ffn_norm.weight")),
                gateUp: try matrix(block + "ffn_gate.weight", block + "ffn_up.weight"),
                down: try matrix(block + "ffn_down.weight"))
        }
        finalNorm = FloatBuffer(try file.floats("output_norm.weight"))
        head = file.hasTensor("output.weight") ? try matrix("output.weight") : embedding
        ropeTable = Self.ropeTable(shape)
        progress(shape.layers, shape.layers)
    }

    /// The bytes that a file's matrices take, each kept in both directions.
    static func weightBytes(_ file: GGUFFile, precision: WeightPrecision) throws -> Int {
        let shape = TransformerShape(try ModelConfig(file))
        let tables = file.hasTensor("output.weight") ? 2 : 1
        let layer = shape.width * (shape.qkvWidth + shape.queryWidth + 3 * shape.feedForward)
        return (shape.layers * layer + tables * shape.vocabulary * shape.width) * 2 * precision.bytes
    }

    /// Angles are position * base^(-2i / headSize), computed in float64 (Su et al., "RoFormer", 2021).
    private static func ropeTable(_ shape: TransformerShape) -> FloatBuffer {
        let pairs = shape.headSize / 2
        let table = FloatBuffer(count: shape.contextLength * pairs * 2)
        for pair in 0..<pairs {
            let frequency = pow(shape.ropeBase, -2 * Double(pair) / Double(shape.headSize))
            for position in 0..<shape.contextLength {
                let angle = Double(position) * frequency
                table.base[(position * pairs + pair) * 2] = Float(cos(angle))
                table.base[(position * pairs + pair) * 2 + 1] = Float(sin(angle))
            }
        }
        return table
    }
}

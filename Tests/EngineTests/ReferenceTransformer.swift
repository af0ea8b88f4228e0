import Foundation
import ModelFiles

/// A Llama-family transformer with a LoRA adapter in float64, written to be read and not to be fast: one sequence, one row after
/// another, the adapter multiplied out and added to the weights. Follows Hugging Face's layout of heads (rotations turn elements
/// j and j + headSize / 2), which is that of PEFT files, where the engine keeps GGUF's.
struct ReferenceTransformer {
    /// Rows of weights, one for each output.
    struct Matrix {
        var inputs: Int
        var values: [Double]
        var outputs: Int { values.count / inputs }

        func callAsFunction(_ x: [Double]) -> [Double] {
            values.withUnsafeBufferPointer { values in
                x.withUnsafeBufferPointer { x in
                    (0..<values.count / inputs).map { row in
                        var sum = 0.0
                        for i in 0..<inputs { sum += values[row * inputs + i] * x[i] }
                        return sum
                    }
                }
            }
        }
    }

    let config: ModelConfig
    private let embedding: Matrix
    private let norms: [String: [Double]]
    private let base: [PEFTAdapter.Place: Matrix]
    private var adapted: [PEFTAdapter.Place: Matrix]

    init(_ file: GGUFFile) throws {
        let config = try ModelConfig(file)
        func numbers(_ name: String) throws -> [Double] { try file.dequantize(file.tensor(name)).map(Double.init) }
        func matrix(_ name: String, inputs: Int, heads: Int = 0) throws -> Matrix {
            let values = try numbers(name)
            guard heads > 0 else { return Matrix(inputs: inputs, values: values) }
            // Neighbours (2j, 2j + 1) of GGUF move half a head apart.
            let head = config.headDimension
            let order = (0..<heads * head).map {
                $0 / head * head + $0 % head % (head / 2) * 2 + $0 % head / (head / 2)
            }
            return Matrix(inputs: inputs, values: order.flatMap { values[$0 * inputs..<($0 + 1) * inputs] })
        }
        self.config = config
        embedding = try matrix("token_embd.weight", inputs: config.width)
        var norms = ["output": try numbers("output_norm.weight")]
        var base: [PEFTAdapter.Place: Matrix] = [
            .init(layer: 0, module: .unembedding): try matrix(
                config.tiedEmbeddings ? "token_embd.weight" : "output.weight", inputs: config.width)
        ]
        for layer in 0..<config.layers {
            let names: [(PEFTAdapter.Module, String, inputs: Int, heads: Int)] = [
                (.query, "attn_q", config.width, config.heads), (.key, "attn_k", config.width, config.kvHeads),
                (.value, "attn_v", config.width, 0), (.output, "attn_output", config.heads * config.headDimension, 0),
                (.gate, "ffn_gate", config.width, 0), (.up, "ffn_up", config.width, 0),
                (.down, "ffn_down", config.feedForward, 0),
            ]
            for (module, name, inputs, heads) in names {
                base[.init(layer: layer, module: module)] = try matrix(
                    "blk.\(layer).\(name).weight", inputs: inputs, heads: heads)
            }
            for name in ["attn_norm", "ffn_norm"] {
                norms["\(name)\(layer)"] = try numbers("blk.\(layer).\(name).weight")
            }
        }
        self.norms = norms
        self.base = base
        adapted = base
    }

    /// The places whose weights an adapter may change.
    var places: [PEFTAdapter.Place] { base.keys.sorted() }

    /// Adds `alpha / rank` times B A to the weights of every place of an adapter.
    mutating func load(_ adapter: PEFTAdapter) {
        adapted = base
        for (place, factors) in adapter.factors {
            load(
                place, a: factors.a.map(Double.init), b: factors.b.map(Double.init),
                scale: adapter.alpha / Double(adapter.rank))
        }
    }

    /// Adds `scale` times B A to the weights of one place; a is `[rank, inputs]`, b is `[outputs, rank]`.
    mutating func load(_ place: PEFTAdapter.Place, a: [Double], b: [Double], scale: Double) {
        guard var matrix = base[place] else { return }
        let rank = a.count / matrix.inputs
        for row in 0..<matrix.outputs {
            for column in 0..<matrix.inputs {
                var sum = 0.0
                for r in 0..<rank { sum += b[row * rank + r] * a[r * matrix.inputs + column] }
                matrix.values[row * matrix.inputs + column] += scale * sum
            }
        }
        adapted[place] = matrix
    }

    /// After each token, the logprobs of all tokens: `[tokens, vocabulary]`.
    func logprobs(_ tokens: [Int]) -> [[Double]] {
        func product(_ layer: Int, _ module: PEFTAdapter.Module, _ x: [Double]) -> [Double] {
            adapted[.init(layer: layer, module: module)]?(x) ?? []
        }
        var rows = tokens.map { Array(embedding.values[$0 * config.width..<($0 + 1) * config.width]) }
        for layer in 0..<config.layers {
            let inputs = rows.map { norm($0, "attn_norm\(layer)") }
            let queries = inputs.enumerated().map { turned(product(layer, .query, $1), position: $0) }
            let keys = inputs.enumerated().map { turned(product(layer, .key, $1), position: $0) }
            let values = inputs.map { product(layer, .value, $0) }
            for row in rows.indices {
                let attended = attend(queries[row], keys[...row], values[...row])
                rows[row] = added(rows[row], product(layer, .output, attended))
                let x = norm(rows[row], "ffn_norm\(layer)")
                let gated = zip(product(layer, .gate, x), product(layer, .up, x)).map { $0 / (1 + exp(-$0)) * $1 }
                rows[row] = added(rows[row], product(layer, .down, gated))
            }
        }
        return rows.map { row in
            let logits = product(0, .unembedding, norm(row, "output"))
            let top = logits.max() ?? 0
            let total = top + log(logits.reduce(0) { $0 + exp($1 - top) })
            return logits.map { $0 - total }
        }
    }

    private func added(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map(+) }

    private func norm(_ x: [Double], _ name: String) -> [Double] {
        let scale = 1 / (x.dot(x) / Double(x.count) + config.rmsEpsilon).squareRoot()
        return zip(x, norms[name] ?? []).map { $0 * scale * $1 }
    }

    private func turned(_ x: [Double], position: Int) -> [Double] {
        let head = config.headDimension
        var out = x
        for start in stride(from: 0, to: x.count, by: head) {
            for j in 0..<head / 2 {
                let angle = Double(position) * pow(config.ropeBase, -2 * Double(j) / Double(head))
                let (a, b) = (x[start + j], x[start + j + head / 2])
                out[start + j] = a * cos(angle) - b * sin(angle)
                out[start + j + head / 2] = b * cos(angle) + a * sin(angle)
            }
        }
        return out
    }

    private func attend(_ query: [Double], _ keys: ArraySlice<[Double]>, _ values: ArraySlice<[Double]>) -> [Double] {
        let head = config.headDimension
        return (0..<config.heads).flatMap { h -> [Double] in
            let q = h * head..<(h + 1) * head, kv = h / (config.heads / config.kvHeads) * head
            let scores = keys.map { query[q].dot($0[kv..<kv + head]) / Double(head).squareRoot() }
            let top = scores.max() ?? 0
            let weights = scores.map { exp($0 - top) }
            let total = weights.reduce(0, +)
            var out = [Double](repeating: 0, count: head)
            for (weight, value) in zip(weights, values) {
                for i in 0..<head { out[i] += weight / total * value[kv + i] }
            }
            return out
        }
    }
}

import Foundation

/// Causal attention with grouped heads over trees of sequences, in float64 and as plainly as can be.
enum AttentionReference {
    /// Rows of sequences that share prefixes: nodes in depth-first order.
    struct Tree {
        let nodes: [(parent: Int?, count: Int)]

        var rows: [Range<Int>] {
            var next = 0
            return nodes.map { node in
                defer { next += node.count }
                return next..<next + node.count
            }
        }

        func path(_ node: Int) -> [Int] { (nodes[node].parent.map(path) ?? []) + [node] }

        /// For each row the rows that it sees, itself the last.
        var visible: [[Int]] {
            let rows = rows
            return nodes.indices.flatMap { node in
                let above = path(node).dropLast().flatMap { Array(rows[$0]) }
                return rows[node].map { above + Array(rows[node].lowerBound...$0) }
            }
        }

        var count: Int { nodes.reduce(0) { $0 + $1.count } }

        /// The end of the rows of a node and of those below.
        func end(_ node: Int) -> Int {
            nodes.indices.filter { path($0).contains(node) }.map { rows[$0].upperBound }.max() ?? 0
        }
    }

    struct Sizes: Sendable {
        var heads = 4, kvHeads = 2, head = 6
        var rowWidth: Int { (heads + 2 * kvHeads) * head }
    }

    /// Attention in float64: [q | k | v] by row gives `heads * head` numbers by row.
    static func attend(_ qkv: [Double], _ visible: [[Int]], _ s: Sizes) -> [Double] {
        var out = [Double](repeating: 0, count: visible.count * s.heads * s.head)
        for (row, keys) in visible.enumerated() {
            for h in 0..<s.heads {
                let kv = h / (s.heads / s.kvHeads)
                let weights = weights(qkv, row, keys, h, s)
                for (key, weight) in zip(keys, weights) {
                    for i in 0..<s.head {
                        out[(row * s.heads + h) * s.head + i] +=
                            weight * qkv[key * s.rowWidth + (s.heads + s.kvHeads + kv) * s.head + i]
                    }
                }
            }
        }
        return out
    }

    private static func weights(_ qkv: [Double], _ row: Int, _ keys: [Int], _ h: Int, _ s: Sizes) -> [Double] {
        let kv = h / (s.heads / s.kvHeads)
        let exponentials = keys.map { key in
            var sum = 0.0
            for i in 0..<s.head {
                sum += qkv[row * s.rowWidth + h * s.head + i] * qkv[key * s.rowWidth + (s.heads + kv) * s.head + i]
            }
            return exp(sum / Double(s.head).squareRoot())
        }
        let total = exponentials.reduce(0, +)
        return exponentials.map { $0 / total }
    }

    /// The gradient of `attend` in float64, given that of its output.
    static func gradient(_ qkv: [Double], _ visible: [[Int]], _ dout: [Double], _ s: Sizes) -> [Double] {
        var result = [Double](repeating: 0, count: qkv.count)
        let scale = 1 / Double(s.head).squareRoot()
        for (row, keys) in visible.enumerated() {
            for h in 0..<s.heads {
                let kv = h / (s.heads / s.kvHeads), d = (row * s.heads + h) * s.head
                let q = row * s.rowWidth + h * s.head
                let weights = weights(qkv, row, keys, h, s)
                let dWeights = keys.map { key in
                    let v = key * s.rowWidth + (s.heads + s.kvHeads + kv) * s.head
                    return dout[d..<d + s.head].dot(qkv[v..<v + s.head])
                }
                let shared = weights.dot(dWeights)
                for (key, (weight, dWeight)) in zip(keys, zip(weights, dWeights)) {
                    let k = key * s.rowWidth + (s.heads + kv) * s.head, v = k + s.kvHeads * s.head
                    let dScore = weight * (dWeight - shared) * scale
                    for i in 0..<s.head {
                        result[q + i] += dScore * qkv[k + i]
                        result[k + i] += dScore * qkv[q + i]
                        result[v + i] += weight * dout[d + i]
                    }
                }
            }
        }
        return result
    }
}

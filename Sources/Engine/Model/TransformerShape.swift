/// The sizes of a Llama-family transformer.
struct TransformerShape: Sendable, Equatable {
    var layers: Int
    var width: Int
    var heads: Int
    var kvHeads: Int
    var headSize: Int
    var feedForward: Int
    var vocabulary: Int
    var contextLength: Int
    var ropeBase: Double
    var rmsEpsilon: Float

    var queryWidth: Int { heads * headSize }
    var kvWidth: Int { kvHeads * headSize }
    /// Columns of the joined query, key and value projections.
    var qkvWidth: Int { queryWidth + 2 * kvWidth }
}

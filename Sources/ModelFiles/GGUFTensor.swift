/// An entry of a GGUF file's tensor directory.
public struct GGUFTensor: Sendable, Equatable {
    /// The tensor's name, for instance `blk.0.attn_q.weight`.
    public let name: String
    /// How the values are stored.
    public let type: GGUFTensorType
    /// The sizes, the fastest-running first: a matrix applied to rows of n values and giving m is `[n, m]`.
    public let dimensions: [Int]
    /// Where the bytes lie in the file.
    let range: Range<Int>

    /// The number of values in a row.
    public var rowLength: Int { dimensions.first ?? 1 }
    /// The number of rows: the product of all sizes but the first.
    public var rows: Int { dimensions.dropFirst().reduce(1, *) }
    /// The number of values.
    public var count: Int { rowLength * rows }
}

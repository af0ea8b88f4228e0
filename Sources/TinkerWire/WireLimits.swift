/// How large a message may be. Everything that is read allocates in proportion to its bytes, except for what these bound.
public struct WireLimits: Sendable, Equatable {
    /// The most bytes of a body, after decompression.
    public var bodyBytes: Int
    /// The deepest nesting of a JSON text. Each level takes some of the stack.
    public var depth: Int
    /// The most datums of a request or a result.
    public var data: Int
    /// The most elements of a tensor, those that a sparse one leaves out included.
    public var tensorElements: Int

    /// The defaults fit every body that the official SDK sends (chunks of 5 MB) many times over.
    public init(bodyBytes: Int = 256 << 20, depth: Int = 64, data: Int = 1 << 16, tensorElements: Int = 1 << 26) {
        self.bodyBytes = bodyBytes
        self.depth = depth
        self.data = data
        self.tensorElements = tensorElements
    }

    /// Throws `tooLarge` if a count is beyond its limit.
    func check(_ count: Int, _ limit: KeyPath<WireLimits, Int>, _ what: @autoclosure () -> String) throws(WireError) {
        guard count <= self[keyPath: limit] else { throw .tooLarge(what: what(), limit: self[keyPath: limit]) }
    }
}

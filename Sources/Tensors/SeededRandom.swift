/// A counter-based generator (SplitMix64): the n-th number depends on the key and n alone, so a run repeats from its seed and a
/// resumed run continues from a counter. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private let key: UInt64
    /// How many numbers have been drawn; setting it moves to that place in the stream.
    public var counter: UInt64

    /// A stream of its own for each list of parts, for instance `[seed, epoch, row]`.
    public init(_ parts: Int..., counter: UInt64 = 0) {
        key = parts.reduce(0x6a09_e667_f3bc_c908) { Self.mix($0 ^ Self.mix(UInt64(bitPattern: Int64($1)))) }
        self.counter = counter
    }

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        counter &+= 1
        return Self.mix(key &+ counter &* 0x9e37_79b9_7f4a_7c15)
    }

    /// A uniform number in [0, 1) with 53 random bits.
    public mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

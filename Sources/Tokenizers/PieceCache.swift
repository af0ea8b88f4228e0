import Synchronization

/// Remembers the tokens of short pieces: text repeats its words, and a look-up is several times cheaper than merging.
final class PieceCache: Sendable {
    /// A piece of at most 15 bytes, packed, with its length in the last byte.
    struct Key: Hashable {
        private let low: UInt64
        private let high: UInt64

        init?(_ piece: UnsafeBufferPointer<UInt8>) {
            guard piece.count < 16 else { return nil }
            var words: (UInt64, UInt64) = (0, UInt64(piece.count) << 56)
            for index in piece.indices {
                let byte = unsafe UInt64(piece[index]) << (8 * (index % 8))
                if index < 8 { words.0 |= byte } else { words.1 |= byte }
            }
            (low, high) = words
        }
    }

    /// When full the cache starts over, which bounds its memory to a few megabytes whatever text comes.
    private static let capacity = 32_768
    private let entries = Mutex<[Key: [Int32]]>([:])

    func tokens(for key: Key) -> [Int32]? { entries.withLock { $0[key] } }

    func store(_ tokens: [Int32], for key: Key) {
        entries.withLock {
            if $0.count >= Self.capacity { $0.removeAll(keepingCapacity: true) }
            $0[key] = tokens
        }
    }
}

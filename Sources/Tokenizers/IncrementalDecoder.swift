/// Text from tokens as they arrive: bytes that may still become a character are held back until they do.
public struct IncrementalDecoder: Sendable {
    private let tokenizer: any Tokenizer
    private var pending: [UInt8] = []

    /// A decoder that has seen no tokens yet.
    public init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    /// The text that became certain with this token; empty while a character is incomplete.
    public mutating func append(_ id: Int) -> String { append([id]) }

    /// The text that became certain with these tokens. Bytes that can no longer become UTF-8 turn into U+FFFD, exactly as when
    /// all tokens are decoded at once.
    public mutating func append(_ ids: [Int]) -> String {
        pending += tokenizer.decodeBytes(ids)
        let held = Self.incompleteSuffix(of: pending)
        defer { pending.removeFirst(pending.count - held) }
        return String(decoding: pending.dropLast(held), as: UTF8.self)
    }

    /// What was held back at the end of a text: U+FFFD for an unfinished character, otherwise nothing.
    public mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    /// The number of trailing bytes that are a proper beginning of a well-formed character (Unicode, table 3-7).
    private static func incompleteSuffix(of bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let suffix = bytes.suffix(count)
            guard let lead = suffix.first, lead & 0xc0 != 0x80 else { continue }
            let length =
                switch lead {
                case 0xc2...0xdf: 2
                case 0xe0...0xef: 3
                case 0xf0...0xf4: 4
                default: 1
                }
            guard count < length else { return 0 }
            guard let second = suffix.dropFirst().first else { return count }
            let allowed: ClosedRange<UInt8> =
                switch lead {
                case 0xe0: 0xa0...0xbf
                case 0xed: 0x80...0x9f
                case 0xf0: 0x90...0xbf
                case 0xf4: 0x80...0x8f
                default: 0x80...0xbf
                }
            return allowed.contains(second) ? count : 0
        }
        return 0
    }
}

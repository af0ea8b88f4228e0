public import Tokenizers

/// One token for each byte, and ChatML's control tokens above them: ids 256, 257 and 258.
public struct ByteTokenizer: Tokenizer {
    /// A tokenizer; all are equal.
    public init() {}

    /// 256 bytes and three control tokens.
    public let vocabularySize = 259
    /// None.
    public let bosToken: Int? = nil
    /// `<|endoftext|>`.
    public let eosToken: Int? = 258
    /// ChatML's control tokens.
    public let specialTokens = ["<|im_start|>": 256, "<|im_end|>": 257, "<|endoftext|>": 258]

    /// The bytes of a text; control tokens are never parsed.
    public func encode(_ text: String, parseSpecial: Bool) -> [Int] { text.utf8.map { Int($0) } }

    /// The bytes; control tokens have none.
    public func decodeBytes(_ ids: [Int]) -> [UInt8] { ids.compactMap { UInt8(exactly: $0) } }
}

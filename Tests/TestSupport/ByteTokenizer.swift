public import Tokenizers

/// One token for each byte, and ChatML's control tokens above them: ids 256, 257 and 258.
public struct ByteTokenizer: Tokenizer {
    public init() {}

    public let vocabularySize = 259
    public let bosToken: Int? = nil
    public let eosToken: Int? = 258
    public let specialTokens = ["<|im_start|>": 256, "<|im_end|>": 257, "<|endoftext|>": 258]

    public func encode(_ text: String, parseSpecial: Bool) -> [Int] { text.utf8.map { Int($0) } }

    public func decodeBytes(_ ids: [Int]) -> [UInt8] { ids.compactMap { UInt8(exactly: $0) } }
}

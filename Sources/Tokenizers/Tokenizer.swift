/// Text to token ids and back. Ids are positions in the model's vocabulary.
public protocol Tokenizer: Sendable {
    /// The number of tokens in the vocabulary.
    var vocabularySize: Int { get }
    /// The token put before every text, if the model was trained with one and asks for it.
    var bosToken: Int? { get }
    /// The token that ends a text, if there is one.
    var eosToken: Int? { get }
    /// Control tokens by their literal text, for instance `<|im_end|>`.
    var specialTokens: [String: Int] { get }

    /// The ids of a text. With `parseSpecial`, literal control tokens in the text become their ids; without, they stay plain
    /// text, so that a user's words can never forge a turn. Never adds tokens of its own.
    func encode(_ text: String, parseSpecial: Bool) -> [Int]

    /// The bytes that the ids stand for. Ids outside the vocabulary give no bytes.
    func decodeBytes(_ ids: [Int]) -> [UInt8]
}

extension Tokenizer {
    /// The ids of plain text.
    public func encode(_ text: String) -> [Int] { encode(text, parseSpecial: false) }

    /// The text of the ids; bytes that are no UTF-8 become U+FFFD.
    public func decode(_ ids: [Int]) -> String { String(decoding: decodeBytes(ids), as: UTF8.self) }
}

import Tokenizers

/// Takes the longest known piece at each place, and single bytes (1,000,000 + byte) where there is none.
struct FakeTokenizer: Tokenizer {
    let specialTokens: [String: Int]
    var bosToken: Int?
    var eosToken: Int?
    private let pieces: [[UInt8]: Int]
    private let texts: [Int: [UInt8]]
    private let longest: Int

    var vocabularySize: Int { 1_000_256 }

    init(pieces: [String: Int] = [:], specialTokens: [String: Int] = [:], bosToken: Int? = nil, eosToken: Int? = nil) {
        self.specialTokens = specialTokens
        self.bosToken = bosToken
        self.eosToken = eosToken
        self.pieces = Dictionary(uniqueKeysWithValues: pieces.map { (Array($0.utf8), $1) })
        texts = Dictionary(
            (pieces.map { ($1, Array($0.utf8)) } + specialTokens.map { ($1, Array($0.utf8)) })
        ) { first, _ in first }
        longest = pieces.keys.map(\.utf8.count).max() ?? 0
    }

    func encode(_ text: String, parseSpecial: Bool) -> [Int] {
        var rest = Array(text.utf8)[...]
        var ids: [Int] = []
        while let byte = rest.first {
            let special = specialTokens.first { parseSpecial && rest.starts(with: $0.key.utf8) }
            let length = (0...min(longest, rest.count)).last { pieces[Array(rest.prefix($0))] != nil }
            if let special {
                ids.append(special.value)
                rest = rest.dropFirst(special.key.utf8.count)
            } else if let length, let id = pieces[Array(rest.prefix(length))] {
                ids.append(id)
                rest = rest.dropFirst(length)
            } else {
                ids.append(1_000_000 + Int(byte))
                rest = rest.dropFirst()
            }
        }
        return ids
    }

    func decodeBytes(_ ids: [Int]) -> [UInt8] {
        ids.flatMap { id in texts[id] ?? (id >= 1_000_000 ? [UInt8(id - 1_000_000)] : []) }
    }
}

extension FakeTokenizer {
    /// The pieces of the Qwen vocabulary that the specification's golden vectors use (cookbook.md, section 10), with their ids.
    static let qwen = FakeTokenizer(
        pieces: [
            "System": 2320, ":": 25, " Be": 2823, " brief": 9814, ".\n\n": 382, "User": 1474, " Hi": 21018, "\n\n": 271,
            "Assistant": 71703, " Hello": 21927, "!\n\n": 2219, " ": 220, "2": 17, "+": 10, "?\n\n": 1939, "4": 19,
            " What": 3555, " is": 374, "system": 8948, "\n": 198, "Be": 3430, ".": 13, "user": 872, "Hi": 13048,
            "assistant": 77091, "Hello": 9707, "!": 0, "?": 30, " A": 362, " B": 425, " Tie": 58725, "A": 32, "B": 33,
            "T": 51,
        ],
        specialTokens: ["<|im_start|>": 151644, "<|im_end|>": 151645, "<|endoftext|>": 151643], eosToken: 151645)

    /// Single bytes and SmolLM2's control tokens.
    static let smolLM2 = FakeTokenizer(
        specialTokens: ["<|endoftext|>": 0, "<|im_start|>": 1, "<|im_end|>": 2], eosToken: 2)

    /// Single bytes and Llama 3's control tokens.
    static let llama3 = FakeTokenizer(
        specialTokens: [
            "<|begin_of_text|>": 128000, "<|end_of_text|>": 128001, "<|start_header_id|>": 128006,
            "<|end_header_id|>": 128007, "<|eot_id|>": 128009,
        ], bosToken: 128000, eosToken: 128001)
}

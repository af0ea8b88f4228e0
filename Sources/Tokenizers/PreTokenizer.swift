/// How text is cut into pieces before byte pairs are merged; named as `tokenizer.ggml.pre` names them.
public enum PreTokenizer: String, Sendable, CaseIterable {
    /// GPT-2's pattern alone.
    case gpt2 = "gpt-2"
    /// Every numeric character by itself, then GPT-2's pattern on what lies between.
    case smollm
    /// Qwen 2's pattern: contractions in either case, single digits.
    case qwen2
    /// Llama 3's pattern: as Qwen 2's, digits in groups of up to three; whole pieces that are tokens are not merged.
    case llamaBPE = "llama-bpe"

    /// Whether a piece that is a token as a whole becomes that token without looking at the merges.
    package var ignoresMerges: Bool { self == .llamaBPE }

    /// The patterns, applied one after the other: what a pattern matches and what lies between its matches are pieces, and the
    /// next pattern works on each piece separately.
    var patterns: [String] {
        switch self {
        case .gpt2: [Self.gpt2Pattern]
        case .smollm: [#"\p{N}"#, Self.gpt2Pattern]
        case .qwen2: [Self.cl100kPattern(digits: #"\p{N}"#)]
        case .llamaBPE: [Self.cl100kPattern(digits: #"\p{N}{1,3}"#)]
        }
    }

    /// Unicode's White_Space, written out because the library's `\s` also holds U+180E, which models were not trained with.
    private static let space =
        #"\x{9}-\x{D}\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}"#

    private static let gpt2Pattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\#(space)\p{L}\p{N}]+|[\#(space)]+(?![^\#(space)])|[\#(space)]+"#

    private static func cl100kPattern(digits: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\#(digits)| ?[^\#(space)\p{L}\p{N}]+[\r\n]*"#
            + #"|[\#(space)]*[\r\n]+|[\#(space)]+(?![^\#(space)])|[\#(space)]+"#
    }
}

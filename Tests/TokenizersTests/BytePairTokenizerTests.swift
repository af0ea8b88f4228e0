import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing
import Tokenizers

@Suite struct BytePairTokenizerTests {
    struct Golden: Decodable {
        struct Case: Decodable {
            let text: String
            let ids: [Int]
            let plain: [Int]
            let decoded: String

            enum CodingKeys: String, CodingKey {
                case text, ids, decoded
                case plain = "ids_plain"
            }
        }
        let cases: [Case]
    }

    /// A vocabulary of all bytes, then the given longer tokens.
    private func tokenizer(
        merges: [(String, String)], _ preTokenizer: PreTokenizer = .gpt2, special: [String] = [], user: [String] = []
    ) throws -> BytePairTokenizer {
        let text = { (plain: String) in ByteAlphabet.text(of: plain.utf8) }
        let normal = (0...UInt8.max).map { ByteAlphabet.text(of: [$0]) } + merges.map { text($0.0) + text($0.1) }
        return try BytePairTokenizer(
            tokens: normal + special + user,
            kinds: normal.map { _ in .normal } + special.map { _ in .control } + user.map { _ in .userDefined },
            merges: merges.map { text($0.0) + " " + text($0.1) }, preTokenizer: preTokenizer)
    }

    private func pieces(_ text: String, _ tokenizer: BytePairTokenizer) -> [String] {
        tokenizer.encode(text).map { tokenizer.decode([$0]) }
    }

    @Test("the default model's tokenizer gives the ids and texts of llama.cpp in all 260 cases")
    func golden() throws {
        let tokenizer = try DefaultModel.tokenizer()
        let cases = try Vectors.load(Golden.self, "tokenizer_smollm2", in: .module).cases
        #expect(cases.count == 260)
        for golden in cases {
            #expect(tokenizer.encode(golden.text, parseSpecial: true) == golden.ids, "\(golden.text.debugDescription)")
            #expect(tokenizer.encode(golden.text) == golden.plain, "\(golden.text.debugDescription)")
            // Scalars, because == on strings takes canonically equivalent texts for equal.
            #expect(Array(tokenizer.decode(golden.ids).unicodeScalars) == Array(golden.decoded.unicodeScalars))
        }
    }

    @Test("the default model's special tokens and ends are those of its file")
    func specials() throws {
        let tokenizer = try DefaultModel.tokenizer()
        #expect(tokenizer.vocabularySize == 49_152)
        #expect(tokenizer.bosToken == nil)
        #expect(tokenizer.eosToken == 2)
        #expect(tokenizer.specialTokens.count == 17)
        #expect(tokenizer.specialTokens["<|im_end|>"] == 2)
        #expect(tokenizer.encode("<|im_end|>", parseSpecial: true) == [2])
        #expect(!tokenizer.encode("<|im_end|>").contains(2))
    }

    @Test("encoding gives the same ids with a warm cache and from several threads")
    func cacheAndThreads() async throws {
        let tokenizer = try DefaultModel.tokenizer()
        let text = (0..<200).map { "word\($0) naïve — \($0 * 37) 漢字 " }.joined()
        let first = tokenizer.encode(text)
        #expect(tokenizer.encode(text) == first)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { tokenizer.encode(text) == first } }
            for await same in group { #expect(same) }
        }
        #expect(tokenizer.decode(first) == text)
    }

    @Test("the lowest rank merges first, the leftmost of equals, also in a long piece")
    func mergeOrder() throws {
        let ranked = try tokenizer(merges: [("b", "c"), ("a", "b")])
        #expect(pieces("abc", ranked) == ["a", "bc"])
        let doubled = try tokenizer(merges: [("a", "a"), ("aa", "aa")])
        #expect(pieces("aaaaaaa", doubled) == ["aaaa", "aa", "a"])
        #expect(pieces(String(repeating: "a", count: 100_003), doubled).suffix(3) == ["aaaa", "aa", "a"])
    }

    @Test("a long text without spaces takes no quadratic time and loses nothing")
    func longPieces() throws {
        let tokenizer = try DefaultModel.tokenizer()
        for unit in ["a", " ", "\n", "ab", "é", "\u{0301}", "!", " \u{2028}", "👩‍👩‍👧"] {
            let text = String(repeating: unit, count: 200_000)
            #expect(tokenizer.decodeBytes(tokenizer.encode(text)) == Array(text.utf8), "\(unit.debugDescription)")
        }
    }

    @Test("random scalars survive encoding and decoding where the vocabulary has all bytes")
    func randomScalars() throws {
        var random = SeededRandom(3)
        for kind in PreTokenizer.allCases {
            let tokenizer = try tokenizer(merges: [("t", "h"), ("th", "e"), (" ", " ")], kind, special: ["<|x|>"])
            for _ in 0..<300 {
                var text = String.UnicodeScalarView()
                for _ in 0..<Int.random(in: 0..<40, using: &random) {
                    let limit: UInt32 = Bool.random(using: &random) ? 0x80 : 0x110000
                    Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)).map { text.append($0) }
                }
                let string = String(text)
                #expect(
                    tokenizer.decodeBytes(tokenizer.encode(string)) == Array(string.utf8), "\(string.debugDescription)")
            }
        }
    }

    @Test("the longest special token wins, and user-defined tokens are found in plain text too")
    func literals() throws {
        let tokenizer = try tokenizer(merges: [], special: ["<|a|>", "<|a|><|b|>", "|>x"], user: ["<tool>"])
        let special = { (text: String) in tokenizer.encode(text, parseSpecial: true) }
        #expect(special("<|a|>") == [256])
        #expect(special("<|a|><|b|>") == [257])
        // Of overlapping literals the longer counts, wherever it starts.
        #expect(special("<|a|>x") == [256, Int(UInt8(ascii: "x"))])
        #expect(tokenizer.encode("a<tool>b") == [Int(UInt8(ascii: "a")), 259, Int(UInt8(ascii: "b"))])
        #expect(tokenizer.specialTokens == ["<|a|>": 256, "<|a|><|b|>": 257, "|>x": 258])
    }

    @Test("each pre-tokenizer cuts digits, contractions and white space in its own way")
    func preTokenizers() throws {
        // Merges that would join anything within a piece show where the pieces end.
        let merges = [
            ("1", "2"), ("12", "3"), ("123", "4"), (" ", " "), ("(", "a"), ("'", "S"), ("'S", "a"),
        ]
        let cut = { (kind: PreTokenizer, text: String) in
            try pieces(text, tokenizer(merges: merges, kind))
        }
        #expect(try cut(.gpt2, "1234") == ["1234"])
        #expect(try cut(.smollm, "1234") == ["1", "2", "3", "4"])
        #expect(try cut(.qwen2, "1234") == ["1", "2", "3", "4"])
        #expect(try cut(.llamaBPE, "1234") == ["123", "4"])
        #expect(try cut(.gpt2, "(a") == ["(", "a"])
        #expect(try cut(.qwen2, "(a") == ["(a"])
        #expect(try cut(.gpt2, "'Sa") == ["'", "S", "a"])
        #expect(try cut(.qwen2, "'Sa") == ["'S", "a"])
        #expect(try cut(.smollm, "a  1") == ["a", "  ", "1"])
        #expect(try cut(.gpt2, "a  1") == ["a", " ", " ", "1"])
    }

    @Test("a vocabulary that contradicts itself is refused with the reason")
    func refusals() {
        #expect(throws: TokenizerError.kindCount(tokens: 1, kinds: 0)) {
            try BytePairTokenizer(tokens: ["a"], kinds: [], merges: [], preTokenizer: .gpt2)
        }
        for merge in ["", "a", "a b", "a a a", "a a ", "x y"] {
            #expect(throws: TokenizerError.badMerge(index: 0, text: merge)) {
                try BytePairTokenizer(
                    tokens: ["a", "aa"], kinds: [.normal, .normal], merges: [merge], preTokenizer: .gpt2)
            }
        }
        #expect(throws: TokenizerError.idOutOfRange(name: "eos", id: 7, vocabularySize: 1)) {
            try BytePairTokenizer(tokens: ["a"], kinds: [.normal], merges: [], preTokenizer: .gpt2, eosToken: 7)
        }
    }

    @Test("ids outside the vocabulary give no bytes, and bytes without a token are left out")
    func outside() throws {
        let tokenizer = try DefaultModel.tokenizer()
        #expect(tokenizer.decodeBytes([-1, 49_152, .max, .min]) == [])
        #expect(tokenizer.encode("\u{4}") == [])
        #expect(tokenizer.decode(tokenizer.encode("a\u{4}b")) == "ab")
    }
}

import Testing
import Tokenizers

@Suite struct IncrementalDecoderTests {
    /// One token for each byte.
    private let tokenizer: BytePairTokenizer

    init() throws {
        tokenizer = try BytePairTokenizer(
            tokens: (0...UInt8.max).map { ByteAlphabet.text(of: [$0]) }, kinds: Array(repeating: .normal, count: 256),
            merges: [], preTokenizer: .gpt2)
    }

    @Test("a character appears with its last byte, not before")
    func characters() {
        var decoder = IncrementalDecoder(tokenizer)
        #expect(Array("é漢👍".utf8).map { decoder.append(Int($0)) } == ["", "é", "", "", "漢", "", "", "", "👍"])
        #expect(decoder.finish() == "")
    }

    @Test("an unfinished character becomes U+FFFD at the end")
    func unfinished() {
        var decoder = IncrementalDecoder(tokenizer)
        #expect(decoder.append([0x61, 0xe6, 0xbc]) == "a")
        #expect(decoder.finish() == "\u{fffd}")
        #expect(decoder.finish() == "")
    }

    @Test("any bytes in any portions give the text that decoding all at once gives")
    func anyBytes() {
        // Bytes at the edges of UTF-8's well-formed ranges, in all sequences of four.
        let edges = [0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5]
        var failures = 0
        for code in 0..<edges.count * edges.count * edges.count * edges.count {
            let n = edges.count
            let ids = [edges[code % n], edges[code / n % n], edges[code / n / n % n], edges[code / n / n / n]]
            var decoder = IncrementalDecoder(tokenizer)
            let text = ids.reduce(into: "") { $0 += decoder.append($1) } + decoder.finish()
            if Array(text.unicodeScalars) != Array(tokenizer.decode(ids).unicodeScalars) { failures += 1 }
        }
        #expect(failures == 0)
    }
}

import Engine
import Tensors
import TestSupport
import Testing
import Tokenizers
import TrainingAPI

@Suite("Stop strings")
struct StopMatcherTests {
    /// Tokens of no to four bytes over a small alphabet, with the bytes of characters of more than one byte among them.
    private struct ChunkTokenizer: Tokenizer {
        let chunks: [[UInt8]]
        var vocabularySize: Int { chunks.count }
        let bosToken: Int? = nil
        let eosToken: Int? = nil
        let specialTokens: [String: Int] = [:]
        func encode(_ text: String, parseSpecial: Bool) -> [Int] { [] }
        func decodeBytes(_ ids: [Int]) -> [UInt8] { ids.flatMap { chunks[$0] } }
    }

    @Test("the token that completes a stop string is the first after which the bytes contain one, over random data")
    func againstNaiveSearch() throws {
        let alphabet = Array("ab\né€".unicodeScalars)
        var stopped = 0
        for round in 0..<1000 {
            var random = SeededRandom(17, round)
            func below(_ limit: Int) -> Int { Int(random.uniform() * Double(limit)) }
            let letters = 1 + below(alphabet.count)
            let bytes = Array(String(String.UnicodeScalarView(alphabet[..<letters])).utf8)
            let tokenizer = ChunkTokenizer(
                chunks: (0..<12).map { _ in (0..<below(5)).map { _ in bytes[below(bytes.count)] } })
            let stops = (0..<1 + below(4)).map { _ in
                String(String.UnicodeScalarView((0..<below(6)).map { _ in alphabet[below(letters)] }))
            }
            let wanted = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
            let drawn = (0..<80).map { _ in below(12) }
            let expected = drawn.indices.first { last in
                let text = tokenizer.decodeBytes(Array(drawn[...last]))
                return wanted.contains { text.contains($0) }
            }
            #expect(end(of: drawn, .strings(stops), tokenizer) == expected)
            if expected != nil { stopped += 1 }
        }
        #expect(stopped > 500)
    }

    @Test("stops of every byte there is, and of none")
    func extremes() {
        let tokenizer = ByteTokenizer()
        let ascii = String(decoding: (0..<128).map { UInt8($0) }, as: UTF8.self)
        #expect(end(of: Array(0..<200), .strings([ascii]), tokenizer) == 127)
        #expect(end(of: Array(0..<200), .strings([""]), tokenizer) == nil)
        #expect(end(of: Array(0..<200), .none, tokenizer) == nil)
        #expect(end(of: [256, 257, 258], .tokens([257]), tokenizer) == 1)
    }

    /// The index of the token that completes a stop.
    private func end(of tokens: [Int], _ stop: StopCondition, _ tokenizer: any Tokenizer) -> Int? {
        var matcher = StopMatcher(stop)
        return tokens.firstIndex { matcher.accept($0, tokenizer) }
    }
}

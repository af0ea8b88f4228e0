import Foundation
import ModelFiles
import TestSupport
import Testing
import Tokenizers

@Suite("Tokenizers for Hugging Face's libraries")
struct HuggingFaceTokenizerTests {
    @Test("the files hold the vocabulary by id, the merges, the special tokens and how text is cut")
    func files() throws {
        let folder = ScratchFolder.url.appending(path: "tokenizer-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = try GGUFFile(data: TinyModel().build(), path: "tiny.gguf")
        let ours = try file.tokenizer()
        try HuggingFaceTokenizer(file).write(to: folder.path)
        func read(_ name: String) throws -> [String: Any] {
            let data = try Data(contentsOf: folder.appending(path: name))
            return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        }
        let tokenizer = try read("tokenizer.json")
        let model = try #require(tokenizer["model"] as? [String: Any])
        let vocabulary = try #require(model["vocab"] as? [String: Int])
        #expect(Set(vocabulary.values) == Set(0..<ours.vocabularySize))
        #expect(model["type"] as? String == "BPE")
        let added = try #require(tokenizer["added_tokens"] as? [[String: Any]])
        let special = added.filter { $0["special"] as? Bool == true }
        #expect(
            Dictionary(uniqueKeysWithValues: special.map { ($0["content"] as? String ?? "", $0["id"] as? Int ?? -1) })
                == ours.specialTokens)
        #expect(try #require(tokenizer["decoder"] as? [String: Any])["type"] as? String == "ByteLevel")
        let eos = try #require(ours.eosToken)
        #expect(try read("special_tokens_map.json")["eos_token"] as? String == vocabulary.first { $0.value == eos }?.key)
        #expect(try read("tokenizer_config.json")["clean_up_tokenization_spaces"] as? Bool == false)
    }
}

import Foundation
import ModelFiles
import TestSupport
import Testing
import Tokenizers

@Suite("tokenizer.json")
struct TokenizerFileTests {
    private static func cl100k(_ digits: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    /// All bytes, a few merges and two markers, in the form of a model family.
    private func folder(
        pattern: String = cl100k(#"\p{N}{1,3}"#), normalizer: Any = NSNull(), ignoresMerges: Bool = true, pairs: Bool = false,
        bos: Bool = false, config: [String: Any]? = nil, _ change: (inout [String: Any]) -> Void = { _ in }
    ) throws -> URL {
        var vocabulary: [String: Int] = [:]
        for byte in 0...UInt8.max { vocabulary[ByteAlphabet.text(of: [byte])] = Int(byte) }
        for (index, token) in ["he", "ll", "hell", "hello", "12", "123", "é"].enumerated() {
            vocabulary[ByteAlphabet.text(of: token.utf8)] = 256 + index
        }
        let eAcute = Array("é".utf8).map { ByteAlphabet.text(of: [$0]) }
        let merges = [["h", "e"], ["l", "l"], ["he", "ll"], ["hell", "o"], ["1", "2"], ["12", "3"], eAcute]
        var file: [String: Any] = [
            "added_tokens": [
                ["id": 263, "content": "<|end|>", "special": true], ["id": 264, "content": "<tool>", "special": false],
                ["id": 265, "content": "<|begin|>", "special": true],
            ],
            "normalizer": normalizer,
            "pre_tokenizer": [
                "type": "Sequence",
                "pretokenizers": [
                    ["type": "Split", "pattern": ["Regex": pattern], "behavior": "Isolated"],
                    ["type": "ByteLevel", "use_regex": false],
                ],
            ],
            "post_processor": bos
                ? ["type": "TemplateProcessing", "single": [["SpecialToken": ["id": "<|begin|>"]], ["Sequence": ["id": "A"]]]]
                : NSNull(),
            "model": [
                "type": "BPE", "ignore_merges": ignoresMerges, "vocab": vocabulary,
                "merges": pairs ? merges as Any : merges.map { $0.joined(separator: " ") } as Any,
            ],
        ]
        change(&file)
        let folder = ScratchFolder.url.appending(path: "tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try JSONSerialization.data(withJSONObject: file).write(to: folder.appending(path: "tokenizer.json"))
        if let config {
            try JSONSerialization.data(withJSONObject: config).write(to: folder.appending(path: "tokenizer_config.json"))
        }
        return folder
    }

    @Test("a file of Llama 3's form loads, from its folder or by its path, with its markers")
    func llama() throws {
        let folder = try folder(bos: true, config: ["eos_token": ["content": "<|end|>"]])
        for path in [folder.path, folder.appending(path: "tokenizer.json").path] {
            let tokenizer = try TokenizerFile(path: path).tokenizer()
            #expect(tokenizer.vocabularySize == 266)
            #expect(tokenizer.bosToken == 265 && tokenizer.eosToken == 263)
            #expect(tokenizer.encode("hello1234") == [259, 261, 52])
            #expect(tokenizer.encode("<tool>", parseSpecial: false) == [264])
            #expect(tokenizer.encode("<|end|>", parseSpecial: true) == [263])
            #expect(tokenizer.encode("<|end|>").count == 7)
            #expect(tokenizer.decode([259, 263]) == "hello<|end|>")
        }
    }

    @Test("a file of Qwen's form takes digits one by one and composes texts; merges may be pairs")
    func qwen() throws {
        let folder = try folder(
            pattern: Self.cl100k(#"\p{N}"#), normalizer: ["type": "NFC"], ignoresMerges: false, pairs: true,
            config: ["eos_token": "<|end|>"])
        let tokenizer = try TokenizerFile(path: folder.path).tokenizer()
        #expect(tokenizer.encode("123") == [49, 50, 51])
        #expect(tokenizer.bosToken == nil && tokenizer.eosToken == 263)
        // An e and a combining acute accent.
        #expect(tokenizer.encode("e\u{301}") == [262])
        #expect(try TokenizerFile(path: self.folder().path).tokenizer().encode("e\u{301}") == [101, 204, 129])
    }

    @Test("what this program cannot tokenize is refused by name")
    func refusals() throws {
        func message(_ change: (inout [String: Any]) -> Void) throws -> String {
            let path = try folder(change).path
            let error = #expect(throws: ModelFileError.self) { _ = try TokenizerFile(path: path).tokenizer() }
            return error?.description ?? ""
        }
        #expect(try message { $0["model"] = ["type": "Unigram", "vocab": []] }.contains("Unigram"))
        #expect(try message { $0["normalizer"] = ["type": "Lowercase"] }.contains("Lowercase"))
        #expect(try message { $0["pre_tokenizer"] = ["type": "Metaspace"] }.contains("Metaspace"))
        #expect(try message { $0["added_tokens"] = [["id": -1, "content": "x"]] }.contains("the id of 'x'"))
        #expect(try message { $0["added_tokens"] = [["id": 1 << 40, "content": "x"]] }.contains("the id of 'x'"))
        #expect(try message { $0["model"] = ["type": "BPE"] }.contains("vocabulary"))
        #expect(throws: ModelFileError.self) { try TokenizerFile(path: "/nowhere").tokenizer() }
    }

    @Test("SHA-256 gives the standard's examples, however the bytes come", arguments: [1, 3, 64, 1000])
    func hash(step: Int) {
        func hash(_ text: String) -> String {
            var hash = SHA256()
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: step) { hash.update(bytes[start..<min(start + step, bytes.count)]) }
            return hash.hex()
        }
        #expect(hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let longer = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
        #expect(hash(longer) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    }
}

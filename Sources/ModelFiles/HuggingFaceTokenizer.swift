import Foundation
import JSON
import Tokenizers

/// A model's tokenizer in the files that Hugging Face's libraries read: `tokenizer.json`, `tokenizer_config.json` with the chat
/// template, and `special_tokens_map.json`. `AutoTokenizer.from_pretrained` of their folder encodes and decodes as
/// `BytePairTokenizer` does where special tokens are parsed.
public struct HuggingFaceTokenizer: Sendable {
    /// The contents of the files by their names.
    let files: [String: JSONValue]

    /// The tokenizer of a model.
    public init(_ file: GGUFFile) throws(ModelFileError) {
        let tokenizer = try file.tokenizer()
        let tokens = try file.strings("tokenizer.ggml.tokens")
        let kinds = try file.tokenKinds(count: tokens.count)
        let merges = try file.strings("tokenizer.ggml.merges")
        var special: [(name: String, token: String, id: Int)] = []
        for (name, key) in [("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding")] {
            guard let id = try file.optionalInteger("tokenizer.ggml.\(key)_token_id"), tokens.indices.contains(id) else { continue }
            special.append((name, tokens[id], id))
        }
        let bos = tokenizer.bosToken.map { (token: tokens[$0], id: $0) }
        let added = kinds.indices.filter { kinds[$0] != .normal }
        let contextLength = try ModelConfig(file).contextLength
        files = [
            "tokenizer.json": [
                "version": "1.0", "truncation": .null, "padding": .null,
                "added_tokens": .array(added.map { Self.addedToken(tokens[$0], $0, isSpecial: kinds[$0] == .control) }),
                "normalizer": .null, "pre_tokenizer": tokenizer.preTokenizer.huggingFace,
                "post_processor": bos.map { Self.prefix($0.token, $0.id) } ?? .null,
                "decoder": PreTokenizer.byteLevel(usesPattern: true),
                "model": [
                    "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
                    "end_of_word_suffix": .null, "fuse_unk": .bool(false), "byte_fallback": .bool(false),
                    "ignore_merges": .bool(tokenizer.preTokenizer == .llamaBPE),
                    "vocab": .object(tokens.enumerated().map { JSONValue.Member($1, .number(.init($0))) }),
                    "merges": .array(merges.map { .string($0) }),
                ],
            ],
            "tokenizer_config.json": .object(
                special.map { JSONValue.Member($0.name, .string($0.token)) } + [
                    JSONValue.Member("tokenizer_class", "PreTrainedTokenizerFast"),
                    JSONValue.Member("clean_up_tokenization_spaces", .bool(false)),
                    JSONValue.Member("add_prefix_space", .bool(false)),
                    JSONValue.Member("model_max_length", .number(.init(contextLength))),
                ] + (try file.optionalString("tokenizer.chat_template").map { [JSONValue.Member("chat_template", .string($0))] } ?? [])),
            "special_tokens_map.json": .object(special.map { JSONValue.Member($0.name, .string($0.token)) }),
        ]
    }

    /// Writes the files into a folder, which is made if it is missing.
    public func write(to folder: String) throws(ModelFileError) {
        do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
            throw .io(file: folder, operation: "make", reason: error.localizedDescription)
        }
        for (name, contents) in files.sorted(by: { $0.key < $1.key }) {
            try FileContents.writeAtomically([Data(contents.text.utf8)], to: folder + "/" + name)
        }
    }

    private static func addedToken(_ text: String, _ id: Int, isSpecial: Bool) -> JSONValue {
        [
            "id": .number(.init(id)), "content": .string(text), "single_word": .bool(false), "lstrip": .bool(false),
            "rstrip": .bool(false), "normalized": .bool(false), "special": .bool(isSpecial),
        ]
    }

    /// Puts a token before every text.
    private static func prefix(_ token: String, _ id: Int) -> JSONValue {
        func sequence(_ id: String, _ type: Int) -> JSONValue { ["Sequence": ["id": .string(id), "type_id": .number(.init(type))]] }
        func special(_ type: Int) -> JSONValue { ["SpecialToken": ["id": .string(token), "type_id": .number(.init(type))]] }
        return [
            "type": "TemplateProcessing", "single": [special(0), sequence("A", 0)],
            "pair": [special(0), sequence("A", 0), special(1), sequence("B", 1)],
            "special_tokens": .object([
                JSONValue.Member(token, ["id": .string(token), "ids": [.number(.init(id))], "tokens": [.string(token)]])
            ]),
        ]
    }
}

extension PreTokenizer {
    /// The pre-tokenizer as `tokenizer.json` describes it.
    fileprivate var huggingFace: JSONValue {
        switch self {
        case .gpt2: Self.byteLevel(usesPattern: true)
        case .smollm: Self.sequence(["type": "Digits", "individual_digits": .bool(true)], usesPattern: true)
        case .qwen2: Self.sequence(Self.split(digits: #"\p{N}"#), usesPattern: false)
        case .llamaBPE: Self.sequence(Self.split(digits: #"\p{N}{1,3}"#), usesPattern: false)
        }
    }

    /// The byte alphabet, with GPT-2's pattern or after another one.
    fileprivate static func byteLevel(usesPattern: Bool) -> JSONValue {
        ["type": "ByteLevel", "add_prefix_space": .bool(false), "trim_offsets": .bool(true), "use_regex": .bool(usesPattern)]
    }

    private static func sequence(_ first: JSONValue, usesPattern: Bool) -> JSONValue {
        ["type": "Sequence", "pretokenizers": [first, byteLevel(usesPattern: usesPattern)]]
    }

    /// Qwen 2's and Llama 3's pattern in the spelling of their own files.
    private static func split(digits: String) -> JSONValue {
        let pattern =
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\#(digits)| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        return ["type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": .bool(false)]
    }
}

import Foundation
import JSON
public import Tokenizers

/// A tokenizer as the Hugging Face library writes it: `tokenizer.json`, and what stands beside it about the end of texts.
public struct TokenizerFile: Sendable {
    /// The file.
    public let path: String

    /// A `tokenizer.json`, or the folder in which it lies.
    public init(path: String) {
        let path = NSString(string: path).expandingTildeInPath
        self.path = path.hasSuffix(".json") ? path : path + "/tokenizer.json"
    }

    /// What may stand beside the file and says which token ends a text, the best first.
    package static let companions = ["tokenizer_config.json", "generation_config.json", "config.json"]

    /// The tokenizer, if it is a byte-level BPE of the families that this program knows.
    public func tokenizer() throws(ModelFileError) -> BytePairTokenizer {
        let file = try Self.json(path)
        guard let model = file["model"], (model["type"]?.string ?? "BPE") == "BPE", model["byte_fallback"] != .bool(true) else {
            throw unsupported("the model", "byte-level BPE", file["model"]?["type"]?.string ?? "none")
        }
        let preTokenizer = try preTokenizer(file, ignoresMerges: model["ignore_merges"] == .bool(true))
        var (tokens, kinds) = try vocabulary(model, file["added_tokens"]?.array ?? [])
        let merges = try (model["merges"]?.array ?? []).map { merge throws(ModelFileError) in try Self.line(merge, path) }
        let ids = Dictionary(tokens.indices.map { (tokens[$0], $0) }) { first, _ in first }
        // Numbers that the vocabulary leaves out stand for nothing.
        for id in tokens.indices where kinds[id] == nil { tokens[id] = "" }
        let bosToken = bosToken(file["post_processor"]).flatMap { ids[$0] }
        let eosToken = try eosToken(ids)
        let normalizes = try normalizes(file["normalizer"])
        do throws(TokenizerError) {
            return try BytePairTokenizer(
                tokens: tokens, kinds: kinds.map { $0 ?? .control }, merges: merges, preTokenizer: preTokenizer,
                bosToken: bosToken, eosToken: eosToken, normalizesText: normalizes)
        } catch {
            throw .malformed(file: path, part: "the tokenizer", expected: "consistent", found: error.description)
        }
    }

    // MARK: Parts

    private func unsupported(_ part: String, _ expected: String, _ found: String) -> ModelFileError {
        .unsupported(file: path, part: part, expected: expected, found: found)
    }

    private static func json(_ path: String) throws(ModelFileError) -> JSONValue {
        let bytes = Array(try FileContents.map(path))
        do { return try JSONValue(parsing: bytes) } catch {
            throw .malformed(
                file: path, part: "the file", expected: "JSON with \(error.expected) at byte \(error.offset)", found: "something else")
        }
    }

    /// Texts and kinds by id; ids that nothing has are nil.
    private func vocabulary(
        _ model: JSONValue, _ added: [JSONValue]
    ) throws(ModelFileError) -> (tokens: [String], kinds: [BytePairTokenizer.TokenKind?]) {
        guard case .object(let members)? = model["vocab"] else { throw .missing(file: path, part: "vocabulary") }
        var entries = members.map { (text: $0.key, id: $0.value.number?.index, kind: BytePairTokenizer.TokenKind.normal) }
        for token in added {
            entries.append(
                (token["content"]?.string ?? "", token["id"]?.number?.index, token["special"] == .bool(false) ? .userDefined : .control)
            )
        }
        // More would be a damaged number, not a vocabulary.
        let limit = 1 << 22
        guard let bad = entries.first(where: { !(0..<limit).contains($0.id ?? -1) }) else {
            let count = (entries.lazy.compactMap(\.id).max() ?? -1) + 1
            var tokens = [String](repeating: "", count: count)
            var kinds = [BytePairTokenizer.TokenKind?](repeating: nil, count: count)
            for entry in entries {
                guard let id = entry.id else { continue }
                tokens[id] = entry.text
                kinds[id] = entry.kind
            }
            return (tokens, kinds)
        }
        throw .malformed(file: path, part: "the id of '\(bad.text)'", expected: "0 to \(limit - 1)", found: "another number")
    }

    /// "left right", written as one text or as two.
    private static func line(_ merge: JSONValue, _ path: String) throws(ModelFileError) -> String {
        if let text = merge.string { return text }
        if let parts = merge.array?.compactMap(\.string), parts.count == 2 { return parts[0] + " " + parts[1] }
        throw .malformed(file: path, part: "a merge", expected: "two tokens", found: merge.brief)
    }

    /// The pattern that cuts texts, told by its spelling.
    private func preTokenizer(_ file: JSONValue, ignoresMerges: Bool) throws(ModelFileError) -> PreTokenizer {
        let steps = file["pre_tokenizer"].map { $0["pretokenizers"]?.array ?? [$0] } ?? []
        let names = steps.map { step in
            switch step["type"]?.string {
            case "Split": step["pattern"]?["Regex"]?.string ?? "?"
            case "Digits" where step["individual_digits"] == .bool(true): "digits"
            case "ByteLevel": step["use_regex"] == .bool(false) ? "bytes" : "gpt-2"
            case let type: type ?? "?"
            }
        }
        let known: PreTokenizer? =
            switch names {
            case ["gpt-2"]: .gpt2
            case ["digits", "gpt-2"]: .smollm
            case [Self.cl100kPattern(digits: #"\p{N}"#), "bytes"]: .qwen2
            case [Self.cl100kPattern(digits: #"\p{N}{1,3}"#), "bytes"]: .llamaBPE
            default: nil
            }
        guard let known, !ignoresMerges || known.ignoresMerges else {
            throw unsupported("the pre-tokenizer", "those of GPT-2, SmolLM, Qwen 2 and Llama 3", names.joined(separator: ", "))
        }
        return known
    }

    private static func cl100kPattern(digits: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    private func normalizes(_ normalizer: JSONValue?) throws(ModelFileError) -> Bool {
        let steps = normalizer.map { $0["normalizers"]?.array ?? [$0] } ?? []
        let types = steps.map { $0["type"]?.string ?? "?" }
        guard types.allSatisfy({ $0 == "NFC" }) else {
            throw unsupported("the normalizer", "none or NFC", types.joined(separator: ", "))
        }
        return !types.isEmpty
    }

    /// The token that the file puts before every text.
    private func bosToken(_ processor: JSONValue?) -> String? {
        let steps = processor.map { $0["processors"]?.array ?? [$0] } ?? []
        return steps.lazy.compactMap { $0["single"]?.array?.first?["SpecialToken"]?["id"]?.string }.first
    }

    /// The token that ends a text, by what stands beside the file.
    private func eosToken(_ ids: [String: Int]) throws(ModelFileError) -> Int? {
        let folder = URL(filePath: path).deletingLastPathComponent()
        for name in Self.companions {
            let companion = folder.appending(path: name).path
            guard FileManager.default.fileExists(atPath: companion) else { continue }
            let file = try Self.json(companion)
            if let token = file["eos_token"], let id = (token.string ?? token["content"]?.string).flatMap({ ids[$0] }) { return id }
            if let id = file["eos_token_id"], let number = (id.number ?? id.array?.first?.number)?.index { return number }
        }
        return nil
    }
}

public import Tokenizers

extension GGUFFile {
    /// The tokenizer that the file's metadata describes.
    public func tokenizer() throws(ModelFileError) -> BytePairTokenizer {
        let model = try string("tokenizer.ggml.model")
        guard model == "gpt2" else {
            throw .unsupported(
                file: path, part: "tokenizer.ggml.model", expected: "gpt2 (byte-level BPE)", found: "'\(model)'")
        }
        // Files from before pre-tokenizers were named all mean GPT-2's.
        let name = try optionalString("tokenizer.ggml.pre") ?? PreTokenizer.gpt2.rawValue
        guard let preTokenizer = PreTokenizer(rawValue: name) else {
            throw .unsupported(
                file: path, part: "tokenizer.ggml.pre",
                expected: PreTokenizer.allCases.map(\.rawValue).joined(separator: ", "),
                found: "'\(name)'")
        }
        let tokens = try strings("tokenizer.ggml.tokens")
        let kinds = try tokenKinds(count: tokens.count)
        let merges = try strings("tokenizer.ggml.merges")
        let addsBos = try optionalBool("tokenizer.ggml.add_bos_token") ?? false
        let bosToken = addsBos ? try optionalInteger("tokenizer.ggml.bos_token_id") : nil
        let eosToken = try optionalInteger("tokenizer.ggml.eos_token_id")
        do throws(TokenizerError) {
            return try BytePairTokenizer(
                tokens: tokens, kinds: kinds, merges: merges, preTokenizer: preTokenizer, bosToken: bosToken,
                eosToken: eosToken)
        } catch {
            throw .malformed(file: path, part: "the tokenizer", expected: "consistent", found: error.description)
        }
    }

    /// What each token is for.
    func tokenKinds(count: Int) throws(ModelFileError) -> [BytePairTokenizer.TokenKind] {
        let key = "tokenizer.ggml.token_type"
        switch metadata[key] {
        case nil: return Array(repeating: .normal, count: count)
        case .integers(let codes):
            return codes.map {
                // 2 is "unknown", a marker like the control tokens (3); 4 is user-defined; 5 (unused) and others are text.
                switch $0 {
                case 2, 3: .control
                case 4: .userDefined
                default: .normal
                }
            }
        case .some(let value):
            throw .malformed(file: path, part: key, expected: "a list of integers", found: value.kind)
        }
    }
}

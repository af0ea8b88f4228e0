public import LuaRuntime
public import Tokenizers

/// A tokenizer as Lua holds it.
public final class TokenizerObject: LuaObject {
    /// The name of this type in Lua.
    public static let luaType = "Tokenizer"
    /// The tokenizer itself.
    public let tokenizer: any Tokenizer

    /// Hands a tokenizer to Lua.
    public init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    private func special(_ id: Int?) -> LuaValue { id.map { .string(tokenizer.decode([$0])) } ?? .none }
}

extension TokenizerObject {
    static let binding = TypeBinding(
        name: luaType, doc: "Turns text into token ids and back.",
        properties: [
            FunctionBinding("vocab_size", doc: "The number of tokens in the vocabulary.", returns: "integer") {
                .value(.integer(try $0.tokenizer.vocabularySize))
            },
            FunctionBinding(
                "eos_token", doc: "The text of the token that ends a text, nil if there is none.", returns: "string"
            ) {
                let object = try $0.object(0, as: TokenizerObject.self)
                return .value(object.special(object.tokenizer.eosToken))
            },
            FunctionBinding(
                "eos_token_id", doc: "The id of the token that ends a text, nil if there is none.", returns: "integer"
            ) {
                .value(LuaValue(try $0.tokenizer.eosToken))
            },
            FunctionBinding(
                "bos_token", doc: "The text of the token that begins a text, nil if there is none.", returns: "string"
            ) {
                let object = try $0.object(0, as: TokenizerObject.self)
                return .value(object.special(object.tokenizer.bosToken))
            },
            FunctionBinding(
                "bos_token_id", doc: "The id of the token that begins a text, nil if there is none.", returns: "integer"
            ) {
                .value(LuaValue(try $0.tokenizer.bosToken))
            },
            FunctionBinding(
                "special_tokens", doc: "The ids of control tokens by their text.", returns: "{[string] = integer}"
            ) {
                let tokens = try $0.tokenizer.specialTokens
                return .value(.table(LuaTable(fields: tokens.map { (name: $0.key, value: .integer($0.value)) })))
            },
        ],
        methods: [
            FunctionBinding(
                "encode",
                doc:
                    "Turns text into token ids. Control tokens in it stay plain text, so that a user's words can never forge a turn.",
                parameters: [
                    ParameterDoc("text", "string", "what to encode"),
                    ParameterDoc(
                        "options", "table", default: "{}", "{parse_special = true} recognises control tokens as well"),
                ], returns: "integer[]",
                example: "tok:encode('<|im_start|>user', {parse_special = true})"
            ) { context in
                let text = try context.string(1)
                var options = try OptionReader(context, 2)
                let parseSpecial = try options.bool("parse_special", default: false)
                try options.finish()
                return .value(LuaValue(ids: try context.tokenizer.encode(text, parseSpecial: parseSpecial)))
            },
            FunctionBinding(
                "decode", doc: "Turns token ids into text. Bytes that are no UTF-8 become U+FFFD.",
                parameters: [ParameterDoc("ids", "integer[]", "token ids, a tensor or a ModelInput; or one id")],
                returns: "string", example: "tok:decode{1, 2, 3}"
            ) { context in
                let ids = try context.knownTokenIDs(1)
                return .value(.string(try context.tokenizer.decode(ids)))
            },
            FunctionBinding(
                "pieces", doc: "Gives the text of each token by itself.",
                parameters: [ParameterDoc("ids", "integer[]", "token ids, a tensor or a ModelInput; or one id")],
                returns: "string[]", example: "tok:pieces(tok:encode('unbelievable'))"
            ) { context in
                let (ids, tokenizer) = (try context.knownTokenIDs(1), try context.tokenizer)
                return .value(.table(LuaTable(array: ids.map { .string(tokenizer.decode([$0])) })))
            },
        ],
        operators: [
            FunctionBinding("__tostring", doc: "Shows the size of the vocabulary.") {
                .value(.string("Tokenizer (\(try $0.tokenizer.vocabularySize) tokens)"))
            }
        ])
}

extension CallContext {
    fileprivate var tokenizer: any Tokenizer {
        get throws(LuaError) { try object(0, as: TokenizerObject.self).tokenizer }
    }

    /// Token ids of this tokenizer. Decoding would drop others silently.
    fileprivate func knownTokenIDs(_ index: Int) throws(LuaError) -> [Int] {
        let ids = if let id = self[index].integer { [id] } else { try tokenIDs(index) }
        let size = try tokenizer.vocabularySize
        if let unknown = ids.first(where: { !(0..<size).contains($0) }) {
            throw LuaError(
                kind: "data", message: "\(functionName): token id \(unknown) is outside the vocabulary of \(size)")
        }
        return ids
    }
}

extension LuaValue {
    fileprivate init(_ id: Int?) { self = id.map { .integer($0) } ?? .none }
}

public import LuaRuntime
public import TrainingAPI

/// A model's input as Lua holds it.
public final class ModelInputObject: LuaObject {
    /// The name of this type in Lua.
    public static let luaType = "ModelInput"
    /// The input itself.
    public let input: ModelInput

    /// Hands an input to Lua.
    public init(_ input: ModelInput) { self.input = input }

    /// The token ids.
    public var externalBytes: Int { input.length * MemoryLayout<Int>.stride }
}

extension LuaValue {
    /// A model's input for Lua.
    public static func modelInput(_ input: ModelInput) -> LuaValue { .object(ModelInputObject(input)) }
}

extension Registry {
    mutating func addModelInputs() {
        add(
            FunctionBinding(
                "rlhf.ModelInput.from_ints", doc: "Makes what a model reads of token ids.",
                parameters: [ParameterDoc("ids", "integer[]", "token ids, or a tensor of them")], returns: "ModelInput",
                example: "local prompt = rlhf.ModelInput.from_ints(tok:encode('Once upon a time'))"
            ) { .value(.modelInput(ModelInput(tokens: try $0.tokenIDs(0)))) })
        add(ModelInputObject.binding)
    }
}

extension ModelInputObject {
    static let binding = TypeBinding(
        name: luaType, doc: "What a model reads: a sequence of token ids. It never changes.",
        properties: [
            FunctionBinding("length", doc: "The number of tokens; #input is the same.", returns: "integer") {
                .value(.integer(try $0.object(0, as: ModelInputObject.self).input.length))
            }
        ],
        methods: [
            FunctionBinding(
                "to_ints", doc: "Gives the token ids.", returns: "integer[]", example: "tok:decode(input:to_ints())"
            ) { .value(LuaValue(ids: try $0.object(0, as: ModelInputObject.self).input.tokens)) },
            FunctionBinding(
                "append",
                doc: "Gives this input followed by more tokens, which are integers, arrays, tensors or inputs.",
                parameters: [ParameterDoc("...", "integer[]", "what follows")], returns: "ModelInput",
                example: "local longer = prompt:append(response.sequences[1].tokens)"
            ) { context in
                var input = try context.object(0, as: ModelInputObject.self).input
                for index in context.arguments.indices.dropFirst() {
                    input = input.appending(try context[index].integer.map { [$0] } ?? context.tokenIDs(index))
                }
                return .value(.modelInput(input))
            },
        ],
        operators: [
            FunctionBinding("__len", doc: "The number of tokens.") {
                .value(.integer(try $0.object(0, as: ModelInputObject.self).input.length))
            },
            FunctionBinding("__eq", doc: "Whether the tokens are the same.") { context in
                .value(
                    .boolean(
                        try context.object(0, as: ModelInputObject.self).input
                            == context.object(1, as: ModelInputObject.self).input))
            },
            FunctionBinding("__tostring", doc: "Shows the number of tokens and the first of them.") {
                let tokens = try $0.object(0, as: ModelInputObject.self).input.tokens
                let shown =
                    tokens.prefix(8).map(String.init).joined(separator: ", ") + (tokens.count > 8 ? ", ..." : "")
                return .value(
                    .string("ModelInput (\(counted(tokens.count, "token"))\(tokens.isEmpty ? "" : ": ")\(shown))"))
            },
        ])
}

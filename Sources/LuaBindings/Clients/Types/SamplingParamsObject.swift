public import LuaRuntime
public import TrainingAPI

/// How tokens are drawn, as Lua holds it.
public final class SamplingParamsObject: LuaObject, ParameterObject {
    /// The name of this type in Lua.
    public static let luaType = "SamplingParams"
    /// The settings themselves.
    public let params: SamplingParams

    /// Hands settings to Lua.
    public init(_ params: SamplingParams) { self.params = params }

    var values: [(name: String, value: LuaValue)] {
        let stop: LuaValue =
            switch params.stop {
            case .none: .none
            case .strings(let strings): .table(LuaTable(array: strings.map { .string($0) }))
            case .tokens(let tokens): LuaValue(ids: tokens)
            }
        return [
            ("max_tokens", params.maxTokens.map { .integer($0) } ?? .none),
            ("temperature", .number(params.temperature)),
            ("top_p", .number(params.topP)), ("top_k", .integer(params.topK)), ("stop", stop),
            ("seed", params.seed.map { .integer($0) } ?? .none),
        ]
    }
}

extension SamplingParams {
    /// Settings of a table of options; those left out have the defaults.
    init(_ reader: OptionReader) throws(LuaError) {
        self.init()
        var options = reader
        maxTokens = try options.optional("max_tokens", expected: "integer >= 1") {
            $0.integer.flatMap { $0 >= 1 ? $0 : nil }
        }
        temperature = try options.double("temperature", default: temperature, in: 0 ... .infinity)
        topP = try options.double("top_p", default: topP, in: 0...1)
        topK =
            try options.optional("top_k", expected: "integer >= 1, or -1 for all") {
                $0.integer.flatMap { $0 >= 1 || $0 == -1 ? $0 : nil }
            } ?? topK
        stop =
            try options.optional("stop", expected: "string, list of strings, or list of token ids", StopCondition.init)
            ?? .none
        seed = try options.optional("seed", expected: "integer", \.integer)
        try options.finish()
    }
}

extension StopCondition {
    /// A string, a list of strings, or token ids; nil for anything else.
    fileprivate init?(_ value: LuaValue) {
        if let string = value.string {
            self = .strings([string])
            return
        }
        if let table = value.table {
            let strings = table.array.compactMap(\.string)
            if strings.count == table.array.count, table.fields.isEmpty {
                self = strings.isEmpty ? .none : .strings(strings)
                return
            }
        }
        guard let tokens = try? value.tokenIDs(what: "stop") else { return nil }
        self = .tokens(tokens)
    }
}

extension Registry {
    mutating func addSamplingParams() {
        let parameters = [
            ParameterDoc(
                "max_tokens", "integer", default: "nil",
                "the most tokens to draw; nil goes on until the context is full"),
            ParameterDoc("temperature", "number", default: "1.0", "divides the logits; 0 takes the likeliest token"),
            ParameterDoc(
                "top_p", "number", default: "1.0", "keeps the likeliest tokens that together have this probability"),
            ParameterDoc("top_k", "integer", default: "-1", "keeps this many likeliest tokens; -1 keeps all"),
            ParameterDoc(
                "stop", "string | string[] | integer[]", default: "nil", "ends a text right after one of these"),
            ParameterDoc("seed", "integer", default: "nil", "repeats the same draw; nil takes a fresh one"),
        ]
        add(
            FunctionBinding(
                "rlhf.SamplingParams", doc: "Makes the settings by which tokens are drawn.", style: .options,
                parameters: parameters, returns: "SamplingParams",
                example: "local params = rlhf.SamplingParams{max_tokens = 64, temperature = 0.7, stop = {'\\n'}}"
            ) { .value(.object(SamplingParamsObject(try SamplingParams(OptionReader($0, 0))))) })
        add(TypeBinding(SamplingParamsObject.self, doc: "How tokens are drawn.", parameters: parameters))
    }
}

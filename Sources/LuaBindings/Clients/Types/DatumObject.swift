public import Display
public import LuaRuntime
import Tensors
public import Tokenizers
public import TrainingAPI

/// A training example as Lua holds it.
public final class DatumObject: DisplayableObject {
    /// The name of this type in Lua.
    public static let luaType = "Datum"
    /// The example itself.
    public let datum: Datum
    /// What it is shown with.
    public let tokenizer: (any Tokenizer)?

    /// Hands an example to Lua; without a tokenizer it is shown as token ids.
    public init(_ datum: Datum, tokenizer: (any Tokenizer)? = nil) {
        self.datum = datum
        self.tokenizer = tokenizer
    }

    /// Ids and tensors.
    public var externalBytes: Int {
        datum.lossFnInputs.values.reduce(datum.modelInput.length * MemoryLayout<Int>.stride) { $0 + $1.byteCount }
    }

    /// The text, coloured by weight or advantage.
    public var displayValue: DisplayValue { .tokens(TokenText(datum, tokenizer: tokenizer)) }
}

extension LuaValue {
    /// A training example for Lua; without a tokenizer it is shown as token ids.
    public static func datum(_ datum: Datum, tokenizer: (any Tokenizer)? = nil) -> LuaValue {
        .object(DatumObject(datum, tokenizer: tokenizer))
    }
}

extension Registry {
    mutating func addDatums(latestTokenizer: LatestTokenizer) {
        add(
            FunctionBinding(
                "rlhf.Datum",
                doc: "Makes a training example of an input and what the loss needs at each of its positions.",
                style: .options,
                parameters: [
                    ParameterDoc("model_input", "ModelInput", "the N tokens that the model reads; an array will do"),
                    ParameterDoc(
                        "loss_fn_inputs", "table",
                        "arrays or tensors by name: target_tokens, and shaped alike weights, logprobs or advantages"),
                ], returns: "Datum",
                example: """
                    local ids = tok:encode('The sky is blue')
                    local datum = rlhf.Datum{
                        model_input = {table.unpack(ids, 1, #ids - 1)},
                        loss_fn_inputs = {target_tokens = {table.unpack(ids, 2)}, weights = rlhf.tensor.ones(#ids - 1)} }
                    """
            ) { context in
                var options = try OptionReader(context, 0)
                let tokens = try options.tokenIDs("model_input")
                let table = try options.table("loss_fn_inputs")
                try options.finish()
                let datum = Datum(modelInput: ModelInput(tokens: tokens), lossFnInputs: try Self.lossInputs(table))
                return .value(.datum(datum, tokenizer: latestTokenizer.tokenizer))
            })
        add(DatumObject.binding)
    }

    /// Token ids become int64 and everything else float32, whatever the script has written them as.
    private static func lossInputs(_ table: LuaTable) throws(LuaError) -> [String: Tensor] {
        guard table.array.isEmpty, table.others.isEmpty else {
            throw .usage(
                "Datum: loss_fn_inputs are given by name", hint: "for instance {target_tokens = ..., weights = ...}")
        }
        var inputs: [String: Tensor] = [:]
        for (name, value) in table.fields {
            let tensor = try Tensor(value, what: "Datum: loss_fn_inputs.\(name)").detached()
            guard name == "target_tokens" else {
                inputs[name] = tensor.converted(to: .float32)
                continue
            }
            guard let ids = tensor.wholeNumbers else {
                throw LuaError(kind: "data", message: "Datum: target_tokens must be integers")
            }
            inputs[name] = Tensor(ids, shape: tensor.shape)
        }
        return inputs
    }
}

extension DatumObject {
    static let binding = TypeBinding(
        name: luaType, doc: "A training example. It prints its text coloured by weight or advantage.",
        properties: [
            FunctionBinding("model_input", doc: "What the model reads.", returns: "ModelInput") {
                .value(.modelInput(try $0.object(0, as: DatumObject.self).datum.modelInput))
            },
            FunctionBinding(
                "loss_fn_inputs", doc: "What the loss needs at each position, by name.", returns: "{[string] = Tensor}"
            ) {
                let inputs = try $0.object(0, as: DatumObject.self).datum.lossFnInputs
                return .value(.table(LuaTable(fields: inputs.map { (name: $0.key, value: .tensor($0.value)) })))
            },
        ],
        operators: [
            FunctionBinding(
                "__tostring", doc: "Shows the text, with what is learned in [+...+] and what is unlearned in [-...-]."
            ) {
                let datum = try $0.object(0, as: DatumObject.self)
                return .value(.string(TextRenderer().text(datum.displayValue)))
            }
        ])
}

import LuaRuntime
import Tensors
import TrainingAPI

/// Reading what client calls take.
extension CallContext {
    /// Token ids: an array, a tensor or a ModelInput.
    func tokenIDs(_ index: Int) throws(LuaError) -> [Int] {
        let number = functionName.contains(":") ? index : index + 1
        return try self[index].tokenIDs(what: "\(functionName): argument \(number)")
    }

    /// A list of datums.
    func datums(_ index: Int) throws(LuaError) -> [Datum] {
        guard let table = self[index].table, table.fields.isEmpty, table.others.isEmpty else {
            throw mismatch(index, expected: "list of Datum")
        }
        var data: [Datum] = []
        for (offset, value) in table.array.enumerated() {
            guard let object = value.object as? DatumObject else {
                throw .usage(
                    "\(functionName): datum \(offset + 1) expected Datum, got \(value.brief)",
                    hint: "make it by rlhf.Datum{model_input = ..., loss_fn_inputs = {...}} or by a renderer")
            }
            data.append(object.datum)
        }
        return data
    }

    /// The name of a loss, and in the argument after it the loss's settings.
    func lossFunction(_ index: Int) throws -> LossFunction {
        let text = try string(index)
        guard let name = LossFunction.Name(rawValue: text) else {
            let known = LossFunction.Name.allCases.map(\.rawValue)
            throw LuaError.usage(
                "\(functionName): unknown loss '\(text)'", hint: NearMatches.hint(text, among: known, what: "there are")
            )
        }
        var options = OptionReader(text, self[index + 1].isNone ? LuaTable(array: []) : try table(index + 1))
        var config: [String: Double] = [:]
        for (key, value) in name.defaultConfig { config[key] = try options.double(key, default: value) }
        try options.finish()
        return try LossFunction(named: text, config: config)
    }

    /// The settings of an optimizer step: an AdamParams, or a table of its options.
    func adamParams(_ index: Int) throws(LuaError) -> AdamParams {
        switch self[index] {
        case .object(let object as AdamParamsObject): return object.params
        case .table(let table): return try AdamParams(OptionReader(functionName, table))
        case .none: return AdamParams()
        default: throw mismatch(index, expected: "AdamParams")
        }
    }
}

extension OptionReader {
    /// How tokens are drawn: a SamplingParams, or a table of its options; the defaults if it is not given.
    mutating func samplingParams(_ name: String) throws(LuaError) -> SamplingParams {
        switch value(name) {
        case .object(let object as SamplingParamsObject): return object.params
        case .table(let table): return try SamplingParams(OptionReader("\(functionName): \(name)", table))
        case .none: return SamplingParams()
        default: throw mismatch(name, expected: "SamplingParams")
        }
    }

    /// Token ids; required.
    mutating func tokenIDs(_ name: String) throws(LuaError) -> [Int] {
        let value = value(name)
        if value.isNone { throw mismatch(name, expected: "ModelInput") }
        return try value.tokenIDs(what: "\(functionName): option '\(name)'")
    }
}

extension LuaValue {
    /// Token ids written as an array, a tensor of one dimension or a ModelInput.
    func tokenIDs(what: String) throws(LuaError) -> [Int] {
        switch self {
        case .object(let object as ModelInputObject): return object.input.tokens
        case .object(let object as TensorObject):
            guard object.tensor.rank == 1, let ids = object.tensor.wholeNumbers else {
                throw .usage(
                    "\(what) expected token ids, got a \(object.tensor.dtype.rawValue) tensor of shape \(object.tensor.shape)"
                )
            }
            return ids
        case .table(let table) where table.fields.isEmpty && table.others.isEmpty:
            var ids: [Int] = []
            ids.reserveCapacity(table.array.count)
            for (index, value) in table.array.enumerated() {
                guard let id = value.integer else {
                    throw .usage("\(what): item \(index + 1) expected integer, got \(value.brief)")
                }
                ids.append(id)
            }
            return ids
        case .string:
            throw .usage(
                "\(what) expected token ids, got \(brief)", hint: "a tokenizer's encode(text) makes ids of a text")
        default: throw .usage("\(what) expected token ids, got \(brief)")
        }
    }
}

extension Tensor {
    /// The elements, if all of them are whole numbers.
    var wholeNumbers: [Int]? {
        if dtype == .int64 { return ints }
        let whole = doubles.compactMap { Int(exactly: $0) }
        return whole.count == count ? whole : nil
    }
}

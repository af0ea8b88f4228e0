import LuaRuntime
import Tensors
import TrainingAPI

extension TrainingClientObject {
    /// The loss that argument 2 computes in Lua, on the data of argument 1.
    static func customLoss(_ context: CallContext) throws(LuaError) -> CustomLoss {
        let function = try context.function(2)
        // The script gets back the very objects that it has given.
        let data = LuaValue.table(LuaTable(array: try context.table(1).array))
        return { _, logprobs in
            try await CustomLossResult.differentiating(logprobs: logprobs) { logprobs in
                let variables = LuaValue.table(LuaTable(array: logprobs.map { .tensor($0) }))
                let values = try await function.call([data, variables])
                return try (loss(values.first ?? .none), metrics(values.dropFirst().first ?? .none))
            }
        }
    }

    private static func loss(_ value: LuaValue) throws(LuaError) -> Tensor {
        if let object = value.object as? TensorObject { return object.tensor }
        throw .usage(
            "forward_backward_custom: the loss function returned \(value.brief), expected a tensor",
            hint:
                "compute the loss from the logprobs by tensor arithmetic, which keeps the gradients; item() loses them")
    }

    private static func metrics(_ value: LuaValue) throws(LuaError) -> [String: Double] {
        if value.isNone { return [:] }
        guard let table = value.table, table.array.isEmpty, table.others.isEmpty else {
            throw .usage("forward_backward_custom: the metrics must be a table of numbers by name, got \(value.brief)")
        }
        var metrics: [String: Double] = [:]
        for (name, value) in table.fields {
            guard let number = value.number ?? (value.object as? TensorObject).flatMap({ try? $0.tensor.item() }) else {
                throw .usage("forward_backward_custom: metric '\(name)' must be a number, got \(value.brief)")
            }
            metrics[name] = number
        }
        return metrics
    }
}

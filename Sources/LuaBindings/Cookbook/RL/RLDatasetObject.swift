import Cookbook
import LuaRuntime

/// What RL trains on, as Lua holds it: what `rlhf.rl.train` takes as `dataset_builder`.
final class RLDatasetObject: LuaObject {
    static let luaType = "RLDatasetBuilder"
    let name: String
    let dataset: any RLDataset
    /// Measured at every evaluation.
    let test: (any RLDataset)?

    init(name: String, dataset: any RLDataset, test: (any RLDataset)? = nil) {
        self.name = name
        self.dataset = dataset
        self.test = test
    }

    /// The type in Lua.
    static let binding = TypeBinding(
        name: luaType, doc: "Prompts or environments, and what episodes are worth.",
        properties: [
            FunctionBinding("count", doc: "The number of prompts.", returns: "integer") {
                .value(.integer(try $0.object(0, as: RLDatasetObject.self).dataset.count))
            },
            FunctionBinding("group_size", doc: "The replies to each prompt of a step.", returns: "integer") {
                .value(.integer(try $0.object(0, as: RLDatasetObject.self).dataset.groupSize))
            },
            FunctionBinding("batch_size", doc: "The prompts of a step.", returns: "integer") {
                .value(.integer(try $0.object(0, as: RLDatasetObject.self).dataset.batchSize))
            },
        ],
        operators: [
            FunctionBinding("__tostring", doc: "Shows the kind and the sizes.") { call in
                let object = try call.object(0, as: RLDatasetObject.self)
                let dataset = object.dataset
                return .value(
                    .string(
                        "\(object.name)(\(dataset.count) prompts, "
                            + "\(dataset.batchSize) groups of \(dataset.groupSize) a step)"
                    ))
            }
        ])
}

/// The group settings that RL data sets have in common.
struct GroupSizes: Sendable {
    var groupSize: Int
    var batchSize: Int

    init(_ options: inout OptionReader) throws(LuaError) {
        groupSize = try options.int("group_size", default: 4, atLeast: 1)
        batchSize = try options.int("batch_size", default: 8, atLeast: 1)
    }

    static let parameters = [
        ParameterDoc(
            "group_size", "integer", default: "4", "the replies to each prompt, which are compared with each other"),
        ParameterDoc("batch_size", "integer", default: "8", "the prompts of a step"),
    ]
}

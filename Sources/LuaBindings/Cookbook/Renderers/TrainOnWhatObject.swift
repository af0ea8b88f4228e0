import Cookbook
import LuaRuntime

/// The names of `rlhf.TrainOnWhat`; an object rather than a table, so that a misspelt name is an error and not nil.
final class TrainOnWhatObject: LuaObject {
    static let luaType = "TrainOnWhat"

    static let binding = TypeBinding(
        name: luaType, doc: "Which tokens of a conversation carry loss.",
        properties: TrainOnWhat.allCases.map { mode in
            FunctionBinding(mode.rawValue.uppercased(), doc: meaning(mode), returns: "string") { _ in
                .value(.string(mode.rawValue))
            }
        })

    private static func meaning(_ mode: TrainOnWhat) -> String {
        switch mode {
        case .lastAssistantMessage: "The final message, if the assistant wrote it."
        case .lastAssistantTurn: "The assistant's messages after the last user message."
        case .allAssistantMessages: "All of the assistant's messages."
        case .allMessages: "All messages, without their headers."
        case .allTokens: "Everything."
        case .allUserAndSystemMessages: "The messages of user and system."
        case .customized: "The messages whose `trainable` is true; every message must say."
        }
    }
}

public import TrainingAPI

/// An episode whose environment or reward function failed.
public struct RolloutFailure: Error {
    /// The group's place in its batch, and the sample's in its group; both count from 0.
    public let group: Int
    /// The sample's place in its group, from 0.
    public let sample: Int
    /// The row of the data set.
    public let row: Int
    /// What the policy was asked.
    public let prompt: String
    /// What went wrong.
    public let underlying: any Error

    /// The class of this error that Lua's `err.kind` shows.
    public var kind: TrainingError.Kind {
        switch underlying {
        case let error as TrainingError: error.kind
        case let error as CookbookError: error.kind
        default: .usage
        }
    }

    /// What the user can do.
    public var hint: String {
        "the weights are those before this step: mend the function and go on; "
            + "rollout_error_tolerance = true leaves failing groups out"
    }
}

extension RolloutFailure: CustomStringConvertible {
    /// Which sample it was, and what went wrong.
    public var description: String {
        "group \(group + 1), sample \(sample + 1) (row \(row + 1), \"\(prompt.prefix(60))\"): \(underlying)"
    }
}

extension RolloutFailure {
    /// What is thrown for a reward that is no number to learn from.
    static func notFinite(_ reward: Double) -> CookbookError {
        .data(
            "the reward is \(reward.isNaN ? "nan" : "infinite")",
            hint: "return a finite number: look for 0/0 and other divisions by zero")
    }
}

public import TrainingAPI

/// A step that could not be taken, and what is left.
public struct StepFailure: Error {
    /// The kind of training.
    public let stage: String
    /// The step, counted from 0.
    public let step: Int
    /// What went wrong.
    public let underlying: any Error
    /// The name of the checkpoint to go on from, if there is one.
    public let checkpoint: String?

    /// The class of this error that Lua's `err.kind` shows.
    public var kind: TrainingError.Kind {
        switch underlying {
        case let error as TrainingError: error.kind
        case let error as CookbookError: error.kind
        default: .service
        }
    }

    /// What the user can do.
    public var hint: String? {
        let own =
            switch underlying {
            case let error as TrainingError: error.hint
            case let error as CookbookError: error.hint
            default: String?.none
            }
        let resume = checkpoint.map { "start again with the same log_path to go on from checkpoint \($0)" }
        let parts = [own, resume].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}

extension StepFailure: CustomStringConvertible {
    /// Where it happened and what was wrong.
    public var description: String { "\(stage), step \(step): \(underlying)" }
}

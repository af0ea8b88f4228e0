import Foundation

/// How the learning rate falls over a run.
public enum LearningRateSchedule: String, Sendable, CaseIterable, Codable {
    case linear
    case cosine
    case constant

    /// What the learning rate is multiplied with: 1 at step 0, and for `linear` 1/total at the last step.
    public func multiplier(step: Int, total: Int) -> Double {
        let progress = Double(step) / Double(max(1, total))
        return switch self {
        case .linear: 1 - progress
        case .cosine: 0.5 * (1 + cos(.pi * progress))
        case .constant: 1
        }
    }
}

import Foundation

/// How a preference model judges.
public enum PreferenceModelKind: String, Sendable, CaseIterable, Codable {
    /// Scores each reply on its own.
    case bradleyTerry = "bradley_terry"
    /// Reads both replies and predicts a label.
    case comparator
    /// A rule or a function of the user's own.
    case rule
}

/// Something that says which of two replies is better.
public protocol PreferenceModel: Sendable {
    var kind: PreferenceModelKind { get }
    /// What the gate said of this model; nil if it was not measured.
    var verdict: PreferenceGate.Verdict? { get }
    /// For each comparison a value in [-1, 1], positive when B is better.
    func compareMany(_ comparisons: [Comparison]) async throws -> [Double]
    /// For each conversation the score of its last reply; higher is better. Throws `usage` if the model only compares.
    func score(_ conversations: [[Message]]) async throws -> [Double]
}

extension PreferenceModel {
    /// A value in [-1, 1], positive when B is better.
    public func compare(_ comparison: Comparison) async throws -> Double {
        try await compareMany([comparison]).first ?? 0
    }

    /// The values of comparisons as they are (`forward`) and with swapped replies (`backward`). They are asked in
    /// portions: enough for the service to work on at once, few enough to show how far it is and to be stopped in
    /// between. `onProgress` gets the number of comparisons done, 0 first.
    public func compareBothWays(
        _ list: [Comparison], onProgress: @Sendable (Int) -> Void = { _ in }
    ) async throws -> (forward: [Double], backward: [Double]) {
        let portion = 16
        var (forward, backward) = ([Double](), [Double]())
        onProgress(0)
        for start in stride(from: 0, to: list.count, by: portion) {
            try Task.checkCancellation()
            let part = list[start..<min(start + portion, list.count)]
            let values = try await compareMany(part + part.map(\.swapped))
            forward += values[..<part.count]
            backward += values[part.count...]
            onProgress(forward.count)
        }
        return (forward, backward)
    }

    /// How the model does on labelled comparisons. `categories` name the kind of failure of each row, if known;
    /// `onProgress` gets the number of rows done.
    public func evaluate(
        _ rows: [LabeledComparison], categories: [String?] = [], onProgress: @Sendable (Int) -> Void = { _ in }
    ) async throws -> PreferenceReport {
        let values = try await compareBothWays(rows.map(\.comparison), onProgress: onProgress)
        return PreferenceReport(
            labels: rows.map(\.label), forward: values.forward, backward: values.backward, categories: categories)
    }

    /// Throws `CookbookError.model`, with the numbers, unless the model passed its gate. Rules need none.
    public func requirePassed() throws(CookbookError) {
        guard kind != .rule else { return }
        guard let verdict else {
            throw .model(
                "this preference model was not measured on held-out comparisons, so it may not serve as a reward",
                hint: "train it with a test set, or allow it by name: allow_ungated = true")
        }
        guard verdict.passed else {
            throw .model(
                "this preference model may not serve as a reward: \(verdict.reasons.joined(separator: "; "))",
                hint:
                    "train it longer or on more comparisons, lower the gate, or allow it by name: allow_ungated = true")
        }
    }
}

/// A preference model made of a function: a rule of thumb, or a script's own judge.
public struct RulePreferenceModel: PreferenceModel {
    private let judge: @Sendable (Comparison) async throws -> Double

    /// A model of a function that returns a value in [-1, 1], positive when B is better.
    public init(_ judge: @escaping @Sendable (Comparison) async throws -> Double) { self.judge = judge }

    /// Prefers the reply with fewer characters: what smoke tests use.
    public static let shorterWins = RulePreferenceModel { comparison in
        func length(_ messages: [Message]) -> Int { messages.reduce(0) { $0 + $1.content.count } }
        return Double((length(comparison.completionA) - length(comparison.completionB)).signum())
    }

    /// Always `rule`.
    public var kind: PreferenceModelKind { .rule }
    /// Always nil.
    public var verdict: PreferenceGate.Verdict? { nil }

    /// Asks the function one comparison after the other. Throws `usage` for a value outside of [-1, 1].
    public func compareMany(_ comparisons: [Comparison]) async throws -> [Double] {
        var values: [Double] = []
        for comparison in comparisons {
            let value = try await judge(comparison)
            guard value.isFinite, abs(value) <= 1 else {
                throw CookbookError.usage(
                    "the preference function returned \(value)", hint: "return a number from -1 (A is better) to 1")
            }
            values.append(value)
        }
        return values
    }

    /// Throws: a rule compares.
    public func score(_ conversations: [[Message]]) async throws -> [Double] {
        throw CookbookError.usage("a rule compares replies, it does not score them", hint: "use compare")
    }
}

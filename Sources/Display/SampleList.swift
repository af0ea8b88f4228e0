/// Sampled replies, for looking through.
public struct SampleList: Sendable, Equatable {
    /// One reply.
    public struct Sample: Sendable, Equatable {
        /// What was asked.
        public var prompt: String
        /// What was answered.
        public var response: String
        /// What it was worth; nil where nobody has judged it.
        public var reward: Double?
        /// How much better than its group it was; nil outside of a group.
        public var advantage: Double?
        /// What else there is to know, for instance the number of tokens and how it ended.
        public var details: [String]

        /// A reply by its parts.
        public init(prompt: String, response: String, reward: Double? = nil, advantage: Double? = nil, details: [String] = []) {
            (self.prompt, self.response, self.details) = (prompt, response, details)
            (self.reward, self.advantage) = (reward, advantage)
        }
    }

    /// The order of the replies.
    public enum Order: String, Sendable, CaseIterable {
        /// As they were sampled.
        case sampled
        /// The best first.
        case best
        /// The worst first.
        case worst
    }

    /// What stands above.
    public var title: String
    /// The replies.
    public var samples: [Sample]
    /// Whether a terminal should let the user page through them, where there is one.
    public var isForBrowsing = false

    /// A list of replies.
    public init(title: String = "", samples: [Sample]) { (self.title, self.samples) = (title, samples) }

    /// The replies in an order; those without a reward come last.
    public func sorted(_ order: Order) -> SampleList {
        guard order != .sampled else { return self }
        let sign = order == .best ? -1.0 : 1
        let keys = samples.map { $0.reward.flatMap { $0.isFinite ? $0 * sign : nil } ?? .infinity }
        let indices = samples.indices.sorted { keys[$0] == keys[$1] ? $0 < $1 : keys[$0] < keys[$1] }
        return with(indices.map { samples[$0] })
    }

    /// The replies whose prompt or response contains a text, whatever its case.
    public func containing(_ text: String) -> SampleList {
        let wanted = text.lowercased()
        guard !wanted.isEmpty else { return self }
        return with(
            samples.filter { $0.prompt.lowercased().contains(wanted) || $0.response.lowercased().contains(wanted) })
    }

    private func with(_ samples: [Sample]) -> SampleList {
        var list = self
        list.samples = samples
        return list
    }

    /// `12 replies, reward 0.25 ± 0.1 (−1 … 1)`.
    public var summary: String {
        let rewards = samples.compactMap(\.reward).filter(\.isFinite)
        let count = "\(samples.count) \(samples.count == 1 ? "reply" : "replies")"
        guard let low = rewards.min(), let high = rewards.max() else { return count }
        let mean = rewards.reduce(0, +) / Double(rewards.count)
        return "\(count), reward mean \(mean.shortText), from \(low.shortText) to \(high.shortText)"
    }
}

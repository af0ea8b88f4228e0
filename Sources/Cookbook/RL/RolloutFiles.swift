/// The rollouts of an iteration as lines of JSON.
enum RolloutFiles {
    /// One object for each trajectory in the Python cookbook's schema 1: numbers only.
    static func summaries(_ groups: [RolloutGroup], split: String, iteration: Int) throws -> [String] {
        try groups.flatMap { group in
            try group.trajectories.enumerated().map { index, trajectory in
                try JSONLines.line(
                    Summary(
                        schemaVersion: 1, split: split, iteration: iteration, groupIdx: group.index, trajIdx: index,
                        tags: group.tags, samplingClientStep: iteration, totalReward: trajectory.totalReward,
                        finalReward: trajectory.finalReward, trajectoryMetrics: trajectory.metrics,
                        steps: trajectory.transitions.enumerated().map { step, turn in
                            Summary.Step(
                                stepIdx: step, obLen: turn.observation.count, acLen: turn.action.count,
                                reward: turn.reward, episodeDone: turn.episodeDone, metrics: turn.metrics, logs: [:])
                        },
                        finalObLen: trajectory.transitions.last.map { $0.observation.count + $0.action.count } ?? 0))
            }
        }
    }

    /// One object for each trajectory with its text.
    static func samples(_ groups: [RolloutGroup]) throws -> [String] {
        try groups.flatMap { group in
            try group.trajectories.enumerated().map { index, trajectory in
                try JSONLines.line(
                    Sample(
                        groupIdx: group.index, trajIdx: index, row: group.row, prompt: group.prompt,
                        responses: trajectory.transitions.map(\.message.content), reward: trajectory.totalReward,
                        advantage: trajectory.advantage, endedCleanly: trajectory.endedCleanly,
                        metrics: trajectory.metrics))
            }
        }
    }

    private struct Summary: Encodable {
        struct Step: Encodable {
            var stepIdx: Int
            var obLen: Int
            var acLen: Int
            var reward: Double
            var episodeDone: Bool
            var metrics: [String: Double]
            var logs: [String: String]
        }
        var schemaVersion: Int
        var split: String
        var iteration: Int
        var groupIdx: Int
        var trajIdx: Int
        var tags: [String]
        var samplingClientStep: Int
        var totalReward: Double
        var finalReward: Double
        var trajectoryMetrics: [String: Double]
        var steps: [Step]
        var finalObLen: Int
    }

    private struct Sample: Encodable {
        var groupIdx: Int
        var trajIdx: Int
        var row: Int
        var prompt: [Message]
        var responses: [String]
        var reward: Double
        var advantage: Double
        var endedCleanly: Bool
        var metrics: [String: Double]
    }
}

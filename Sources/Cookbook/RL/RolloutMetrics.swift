/// What is told of a batch's episodes under the Python cookbook's names (section 4.11).
enum RolloutMetrics {
    /// `env/all/…`, and `env/<tag>/…` for tags that only some groups have. All groups count, also those without a
    /// signal.
    static func of(_ groups: [RolloutGroup], prefix: String = "env") -> [String: Double] {
        var metrics = summary(groups, prefix: "\(prefix)/all")
        for tag in Set(groups.flatMap(\.tags)).sorted() {
            let tagged = groups.filter { $0.tags.contains(tag) }
            if tagged.count < groups.count { metrics.merge(summary(tagged, prefix: "\(prefix)/\(tag)")) { $1 } }
        }
        return metrics
    }

    private static func summary(_ groups: [RolloutGroup], prefix: String) -> [String: Double] {
        let episodes = groups.flatMap(\.trajectories)
        let turns = episodes.flatMap(\.transitions)
        guard !episodes.isEmpty, !turns.isEmpty else { return [:] }
        let actions = Double(turns.reduce(0) { $0 + $1.action.count })
        let observations = Double(turns.reduce(0) { $0 + $1.observation.count })
        let (episodeCount, turnCount) = (Double(episodes.count), Double(turns.count))
        let rewards = episodes.map(\.totalReward)
        let mean = rewards.reduce(0, +) / episodeCount
        var metrics = [
            "ac_tokens_per_turn": actions / turnCount, "ob_tokens_per_turn": observations / turnCount,
            "turns_per_episode": turnCount / episodeCount, "total_episodes": episodeCount, "total_turns": turnCount,
            "total_ac_tokens": actions, "total_ob_tokens": observations, "reward/total": mean,
            "ended_by_stop": Double(episodes.filter(\.endedCleanly).count) / episodeCount,
        ]
        let constant = groups.filter(\.isConstant)
        let good = constant.filter { ($0.trajectories.first?.totalReward ?? 0) > 0.5 }
        let count = Double(groups.count)
        metrics["by_group/frac_mixed"] = Double(groups.count - constant.count) / count
        metrics["by_group/frac_all_good"] = Double(good.count) / count
        metrics["by_group/frac_all_bad"] = Double(constant.count - good.count) / count
        for name in Set(episodes.flatMap(\.metrics.keys)) {
            let values = episodes.compactMap { $0.metrics[name] }
            metrics[name] = values.reduce(0, +) / Double(values.count)
        }
        return Dictionary(uniqueKeysWithValues: metrics.map { ("\(prefix)/\($0)", $1) })
    }
}

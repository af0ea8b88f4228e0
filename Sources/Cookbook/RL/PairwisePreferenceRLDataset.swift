/// Prompts whose replies compete with each other before a preference model.
public struct PairwisePreferenceRLDataset: RLDataset {
    /// The number of prompts in a step.
    public let batchSize: Int
    /// The number of replies to each prompt.
    public let groupSize: Int
    private let prompts: [[Message]]
    private let model: any PreferenceModel
    private let pattern: TournamentPattern
    private let matchupGroupSize: Int
    private let formatCoefficient: Double
    private let acceptsEos: Bool
    private let allowUngated: Bool

    /// The number of prompts.
    public var count: Int { prompts.count }

    /// A data set of prompts and a judge. `formatCoefficient` is taken off the result of a reply that was cut off
    /// (without `acceptsEos`, also of one that ended with the end of text in place of the renderer's stop).
    /// `allowUngated` takes a judge that did not pass its gate.
    public init(
        prompts: [[Message]], model: any PreferenceModel, groupSize: Int = 4, batchSize: Int = 8,
        pattern: TournamentPattern = .allPairsBothWays, matchupGroupSize: Int = 4, formatCoefficient: Double = 1,
        acceptsEos: Bool = true, allowUngated: Bool = false
    ) {
        self.prompts = prompts
        self.model = model
        self.groupSize = groupSize
        self.batchSize = batchSize
        self.pattern = pattern
        self.matchupGroupSize = matchupGroupSize
        self.formatCoefficient = formatCoefficient
        self.acceptsEos = acceptsEos
        self.allowUngated = allowUngated
    }

    /// One reply to the prompt.
    public func episode(row: Int) -> Episode { .singleTurn(prompt: prompts[row]) }
    /// `pair_pref`, the Python cookbook's tag.
    public func tags(row: Int) -> [String] { ["pair_pref"] }

    /// Throws `usage` for a group without pairs, `model` for a judge that did not pass its gate.
    public func validate() throws {
        guard groupSize >= 2, matchupGroupSize >= 2 else {
            throw CookbookError.usage(
                "replies cannot be compared in groups of \(min(groupSize, matchupGroupSize))",
                hint: "group_size and matchup_group_size must be at least 2")
        }
        if !allowUngated { try model.requirePassed() }
    }

    /// Plays all groups' tournaments with one request to the judge.
    public func rewards(_ groups: [RolloutGroup]) async throws -> [Result<[EpisodeReward], any Error>] {
        var comparisons: [Comparison] = []
        let schedule = groups.map { group -> [(first: Int, second: Int)] in
            let pairs = Tournament.chunks(count: group.trajectories.count, size: matchupGroupSize).flatMap { chunk in
                pattern.pairs(count: chunk.count).map { (chunk.lowerBound + $0.first, chunk.lowerBound + $0.second) }
            }
            comparisons += pairs.map { pair in
                Comparison(
                    promptConversation: group.prompt,
                    completionA: [.assistant(group.trajectories[pair.0].response)],
                    completionB: [.assistant(group.trajectories[pair.1].response)])
            }
            return pairs.map { (first: $0.0, second: $0.1) }
        }
        var values = try await model.compareMany(comparisons)[...]
        return zip(groups, schedule).map { group, pairs in
            let results = Tournament.results(
                count: group.trajectories.count, pairs: pairs, values: Array(values.prefix(pairs.count)))
            values = values.dropFirst(pairs.count)
            return .success(
                zip(group.trajectories, results).map { trajectory, result in
                    let termination = trajectory.transitions.last?.termination
                    let isValid = termination == .stopSequence || (acceptsEos && termination == .eos)
                    return EpisodeReward(
                        result + formatCoefficient * (isValid ? 0 : -1),
                        metrics: ["win_minus_loss": result, "format": isValid ? 1 : 0])
                })
        }
    }
}

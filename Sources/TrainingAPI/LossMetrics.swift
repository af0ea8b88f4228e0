/// Sums over targets from which a call's metrics are made; those of several datums or calls are added up.
public struct LossMetrics: Sendable, Equatable {
    /// The sum of the losses.
    public internal(set) var loss = 0.0
    private var targets = 0.0
    private var ratios = 0.0
    private var clipped: Double?
    private var divergences = 0.0
    private var squares = 0.0

    /// Nothing added up yet.
    public init() {}

    mutating func add(_ term: LossTerm) {
        targets += 1
        ratios += term.ratio
        divergences -= term.logRatio
        squares += 0.5 * term.logRatio * term.logRatio
        if let isClipped = term.isClipped { clipped = (clipped ?? 0) + (isClipped ? 1 : 0) }
    }

    /// The metrics of two disjoint sets of targets together.
    public static func + (lhs: LossMetrics, rhs: LossMetrics) -> LossMetrics {
        var sum = lhs
        sum.loss += rhs.loss
        sum.targets += rhs.targets
        sum.ratios += rhs.ratios
        sum.divergences += rhs.divergences
        sum.squares += rhs.squares
        if let clipped = rhs.clipped { sum.clipped = (sum.clipped ?? 0) + clipped }
        return sum
    }

    /// Metrics by name; the part after the colon says how services that split a call merge them. `loss:sum` always; over the
    /// targets of losses with a ratio `ratio:mean`, `kl_sample_train_v1:mean` (mean of q - p, with q the sampled and p the
    /// present logprob) and `kl_sample_train_v2:mean` (half the mean of its square), and `clip_fraction:mean` if they clip: for
    /// ppo the targets whose gradient the clip cuts off, for cispo those whose ratio it changes.
    public var values: [String: Double] {
        var values = ["loss:sum": loss]
        guard targets > 0 else { return values }
        values["ratio:mean"] = ratios / targets
        values["kl_sample_train_v1:mean"] = divergences / targets
        values["kl_sample_train_v2:mean"] = squares / targets
        if let clipped { values["clip_fraction:mean"] = clipped / targets }
        return values
    }
}

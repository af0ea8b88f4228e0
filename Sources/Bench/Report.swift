/// A peer's runs of one workload.
package struct PeerResult: Sendable {
    /// The peer's name.
    package var name: String
    /// Tokens per second of each run.
    package var tokensPerSecond: [Double] = []
    /// Peak memory in MB, as the peer states it.
    package var peakMB: Double = 0
    /// Why it has no further runs.
    package var failure: String?

    /// A peer without runs.
    package init(name: String) { self.name = name }
}

/// Our runs of one workload, and those of the peers between them.
package struct BenchResult: Sendable {
    /// The name in JSON.
    package var name: String
    /// What was done, in a few words.
    package var title: String
    /// The tokens of a run; nil where only time counts.
    package var tokens: Int?
    /// The time of each run.
    package var seconds: [Double] = []
    /// The passes that a run needs at least; empty where nobody has counted them.
    package var passes: [Work] = []
    /// The threads that computed.
    package var threads: Int
    /// The process's peak memory in MB of 2^20 bytes, as peers count.
    package var peakMB: Double = 0
    /// The peers that know this workload.
    package var peers: [PeerResult] = []
    /// Why it has no further runs.
    package var failure: String?

    /// A workload without runs.
    package init(name: String, title: String, threads: Int) {
        (self.name, self.title, self.threads) = (name, title, threads)
    }

    /// Median, least and greatest tokens per second.
    package var rates: Spread? { tokens.flatMap { tokens in Spread(seconds.map { Double(tokens) / $0 }) } }

    /// The least possible time as a share of the median time.
    package func share(_ peak: MachinePeak) -> Double? {
        guard !passes.isEmpty, let seconds = Spread(seconds) else { return nil }
        return passes.seconds(peak) / seconds.median
    }

    /// The best peer, by its median.
    package var bestPeer: (name: String, tokensPerSecond: Double)? {
        peers.compactMap { peer in Spread(peer.tokensPerSecond).map { (peer.name, $0.median) } }.max { $0.1 < $1.1 }
    }

    /// Our tokens per second by the best peer's.
    package var peerRatio: Double? {
        guard let rates, let bestPeer else { return nil }
        return rates.median / bestPeer.tokensPerSecond
    }
}

/// Some numbers by their middle and ends.
package struct Spread: Sendable, Equatable {
    /// The middle one, or the mean of the two in the middle.
    package let median: Double
    package let least: Double
    package let greatest: Double

    /// Nil without numbers.
    package init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        (least, greatest) = (first, last)
    }
}

/// All that was measured.
package struct Report: Sendable {
    /// The model's name.
    package var model: String
    /// The machine's peak by number of threads.
    package var peaks: [Int: MachinePeak] = [:]
    /// The threads of the workloads.
    package var threads: Int
    /// The workloads, in the order they ran.
    package var results: [BenchResult] = []
    /// The scaling tables, in the order they ran.
    package var tables: [(name: String, title: String, results: [BenchResult])] = []
    /// The session's figures.
    package var session: [SessionFigure] = []
    /// Why the session has none.
    package var sessionFailure: String?
    /// Whether Ctrl-C ended it early.
    package var isInterrupted = false
    /// What concerns no single workload.
    package var failure: String?

    /// An empty report.
    package init(model: String, threads: Int) { (self.model, self.threads) = (model, threads) }

    /// The machine's peak with the threads of the workloads.
    package var machine: MachinePeak? { peaks[threads] }

    /// Whether something could not be measured; a missing peer is no failure.
    package var hasFailures: Bool {
        failure != nil || sessionFailure != nil || (results + tables.flatMap(\.results)).contains { $0.failure != nil }
    }
}

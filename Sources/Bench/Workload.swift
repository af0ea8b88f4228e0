package import ModelFiles
import Tensors
package import TrainingAPI

/// Something that is measured: what it does through the clients of a service, and how much work that is.
package protocol Workload: Sendable, Codable {
    /// The tokens that tokens per second counts, for one run.
    var tokens: Int { get }

    /// The passes over the weights that a run needs at least.
    func passes(_ model: ModelConfig) -> [Work]

    /// Opens clients and warms them up; gives one run, which can be repeated.
    func prepare(_ service: any TrainingService, model: String) async throws -> WorkloadRun
}

/// One run of a workload, from the first request to the last result. Runs are numbered from 1, because each takes text of its own:
/// what a cache has kept of the last run must not help.
package typealias WorkloadRun = @Sendable (_ number: Int) async throws -> Void

/// The workloads as they travel to the process that runs them.
package enum AnyWorkload: Sendable, Codable {
    case sft(SFT)
    case prefill(Prefill)
    case decode(Decode)
    case tournament(TournamentScoring)
    case rlStep(RLStep)

    /// The workload itself.
    package var workload: any Workload {
        switch self {
        case .sft(let workload): workload
        case .prefill(let workload): workload
        case .decode(let workload): workload
        case .tournament(let workload): workload
        case .rlStep(let workload): workload
        }
    }
}

/// Random text for measurements: what the tokens are does not change the speed.
struct RandomTokens {
    private var random: SeededRandom
    private let vocabulary: Int

    init(seed: Int, vocabulary: Int) {
        random = SeededRandom(seed)
        self.vocabulary = vocabulary
    }

    /// The next tokens; the first ids, which are control tokens, do not occur.
    mutating func next(_ count: Int) -> [Int] {
        (0..<count).map { _ in Int.random(in: min(20, vocabulary - 1)..<vocabulary, using: &random) }
    }
}

import Tensors
import TrainingAPI

extension SamplingClient {
    /// The logprobs of all targets of datums under this client's weights, shaped like the targets `[N]`, which must be the input
    /// shifted by one. All requests are on their way at once.
    func targetLogprobs(of datums: [Datum]) async throws -> [[Float]] {
        let requests = datums.map { datum in
            let last = datum.lossFnInputs["target_tokens"]?.ints.last.map { [$0] } ?? []
            return computeLogprobs(datum.modelInput.appending(last))
        }
        var logprobs: [[Float]] = []
        for request in requests { logprobs.append(try await request.value.dropFirst().map { $0 ?? 0 }) }
        return logprobs
    }
}

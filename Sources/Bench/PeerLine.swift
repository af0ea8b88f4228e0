import Foundation

/// A line of JSON that a peer's script prints for each case; each script fills the fields it knows.
package struct PeerLine: Decodable, Equatable {
    /// The mode of `peer_sft.py`.
    package var mode: String?
    /// What the other scripts measure: `hf-generate`, `hf-forward-scoring`, `llama.cpp` or `trl-grpo`.
    package var peer: String?
    /// Tokens per second.
    package var median: Double?
    /// Tokens per second of the prompts alone, in the last repetition.
    package var prefill: Double?
    /// The tokens and the time of a forward pass for scoring.
    package var tokens: Double?
    package var medianSeconds: Double?
    /// Each step of RL.
    package var secondsPerStep: [Double]?
    /// Peak memory in MB.
    package var peakMB: Double?

    private enum CodingKeys: String, CodingKey {
        case mode, peer, median, tokens
        case prefill = "prefill_tok_per_s_last"
        case medianSeconds = "median_s"
        case secondsPerStep = "secs_per_step"
        case peakMB = "peak_rss_mb"
    }

    /// The line's content; nil if it is no result, such as a warning.
    package init?(_ line: String) {
        guard line.hasPrefix("{"), let parsed = try? JSONDecoder().decode(PeerLine.self, from: Data(line.utf8)),
            parsed.mode != nil || parsed.peer != nil
        else { return nil }
        self = parsed
    }
}

import Tensors
public import TrainingAPI

/// A trajectory's tokens as a datum, and which of them the policy drew.
public struct PolicyDatum: Sendable {
    /// `target_tokens`, `logprobs` and `advantages`, `[N]` each.
    public var datum: Datum
    /// 1 at targets that the policy drew, else 0 (`[N]`). Services refuse it, so it stays here.
    public var mask: [Float]
}

extension Trajectory {
    /// The datums of this trajectory: one as long as each observation goes on from the tokens before it, a new one
    /// where it does not (section 4.5).
    public var policyDatums: [PolicyDatum] {
        var datums: [PolicyDatum] = []
        var (tokens, logprobs, advantages, mask) = ([Int](), [Float](), [Float](), [Float]())
        func close() {
            guard tokens.count >= 2 else { return }
            datums.append(
                PolicyDatum(
                    datum: Datum(
                        modelInput: ModelInput(tokens: Array(tokens.dropLast())),
                        lossFnInputs: [
                            "target_tokens": Tensor(Array(tokens.dropFirst())),
                            "logprobs": Tensor(Array(logprobs.dropFirst())),
                            "advantages": Tensor(Array(advantages.dropFirst())),
                        ]),
                    mask: Array(mask.dropFirst())))
        }
        func append(_ more: some Collection<Int>, logprobs moreLogprobs: [Float], advantage: Float, mask flag: Float) {
            tokens += more
            logprobs += moreLogprobs
            advantages += Array(repeating: advantage, count: more.count)
            mask += Array(repeating: flag, count: more.count)
        }
        for turn in transitions {
            if !turn.observation.starts(with: tokens) {
                close()
                (tokens, logprobs, advantages, mask) = ([], [], [], [])
            }
            let seen = turn.observation.dropFirst(tokens.count)
            append(seen, logprobs: Array(repeating: 0, count: seen.count), advantage: 0, mask: 0)
            append(turn.action, logprobs: turn.logprobs, advantage: Float(advantage), mask: 1)
        }
        close()
        return datums
    }
}
